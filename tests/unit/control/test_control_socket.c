/* A real pluto without a network, and clients that behave badly at its control socket: it goes on serving the
 * others. The path of pluto is the first argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"

static const char *pluto_path;
static char folder[] = "/tmp/styx-control-XXXXXX";
static pid_t pluto;

/* ---- pluto ---- */

static char *in_folder(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static int start_pluto(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    FILE *secrets = fopen(in_folder("secrets"), "w");
    fclose(secrets);
    pluto = fork();
    if (pluto == 0) {
        execl(pluto_path, "pluto", "--nofork", "--protostack", "none", "--rundir", folder, "--secretsfile",
              in_folder("secrets"), "--logfile", in_folder("log"), (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 1000 && access(in_folder("pluto.ctl"), F_OK) != 0; i++)
        usleep(10000);
    return access(in_folder("pluto.ctl"), F_OK);
}

static int stop_pluto(void **state)
{
    int status = -1;
    (void)state;
    kill(pluto, SIGTERM);
    waitpid(pluto, &status, 0);
    unlink(in_folder("secrets"));
    unlink(in_folder("log"));
    bool is_clean = rmdir(folder) == 0; /* pluto.ctl and pluto.pid are gone */
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && is_clean ? 0 : -1;
}

/* ---- a client ---- */

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", in_folder("pluto.ctl"));
    assert_true(client >= 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
    return client;
}

static void say(int client, const char *text)
{
    uint8_t frame[4096];
    size_t size = strlen(text);
    store_be32(frame, (uint32_t)size);
    memcpy(frame + 4, text, size);
    assert_int_equal(send(client, frame, size + 4, MSG_NOSIGNAL), size + 4);
}

/* Reads to the end of one reply; its code, -1 when pluto hung up or said nothing for ten seconds. */
static int hear_end(int client)
{
    for (;;) {
        uint8_t header[4];
        char text[65536];
        struct pollfd wait = {.fd = client, .events = POLLIN};
        if (poll(&wait, 1, 10000) != 1 || recv(client, header, 4, MSG_WAITALL) != 4)
            return -1;
        size_t size = load_be32(header);
        if (size > sizeof(text) || recv(client, text, size, MSG_WAITALL) != (ssize_t)size)
            return -1;
        json_t *frame = json_loadb(text, size, 0, NULL);
        bool is_end = json_is_true(json_object_get(frame, "final"));
        int code = (int)json_integer_value(json_object_get(frame, "code"));
        json_decref(frame);
        if (is_end)
            return code;
    }
}

static const char brief_status[] = "{\"styx\":1,\"command\":\"briefstatus\"}";

static void assert_pluto_serves(void)
{
    int client = dial();
    say(client, brief_status);
    assert_int_equal(hear_end(client), 0);
    close(client);
}

static void add_connection(int client, unsigned number)
{
    char request[512];
    snprintf(request, sizeof(request),
             "{\"styx\":1,\"command\":\"add\",\"name\":\"c%u\",\"options\":{\"left\":\"192.0.2.1\","
             "\"right\":\"10.%u.%u.2\",\"rightid\":\"@c%u\",\"leftid\":\"@here\",\"authby\":\"secret\"}}",
             number, number / 256, number % 256, number);
    say(client, request);
}

/* ---- the tests ---- */

static void a_thousand_clients_at_once_are_all_served(void **state)
{
    enum { CLIENTS = 1000 };
    static int clients[CLIENTS];
    (void)state;
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial();
        say(clients[i], brief_status);
    }
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(hear_end(clients[i]), 0);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    assert_pluto_serves();
}

static void garbage_is_answered_and_harms_nobody(void **state)
{
    unsigned random = 1;
    (void)state;
    for (int round = 0; round < 300; round++) {
        uint8_t garbage[2000];
        int client = dial();
        for (size_t i = 0; i < sizeof(garbage); i++)
            garbage[i] = (uint8_t)((random = random * 1103515245 + 12345) >> 16);
        if (round % 3 == 0) /* a believable frame around it */
            store_be32(garbage, sizeof(garbage) - 4);
        (void)!send(client, garbage, sizeof(garbage), MSG_NOSIGNAL);
        if (round % 3 == 0)
            assert_int_equal(hear_end(client), 30);
        close(client);
    }
    assert_pluto_serves();
}

static void client_that_never_reads_does_not_stall_the_others(void **state)
{
    int client = dial(), loader = dial();
    size_t sent = 0;
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        add_connection(loader, i);
        assert_int_equal(hear_end(loader), 0);
    }
    static uint8_t frame[64];
    static const char text[] = "{\"styx\":1,\"command\":\"status\"}";
    store_be32(frame, sizeof(text) - 1);
    memcpy(frame + 4, text, sizeof(text) - 1);
    for (ssize_t size = 1; size > 0 && sent<64 << 20; sent += size> 0 ? (size_t)size : 0)
        size = send(client, frame, sizeof(text) + 3, MSG_NOSIGNAL | MSG_DONTWAIT);
    assert_true(sent < 64 << 20); /* pluto stopped taking more from it */
    assert_pluto_serves();
    close(client);
    close(loader);
    assert_pluto_serves();
}

static void client_that_closes_its_sending_side_gets_its_replies(void **state)
{
    (void)state;
    int client = dial();
    for (int i = 0; i < 3; i++)
        say(client, brief_status);
    shutdown(client, SHUT_WR);
    for (int i = 0; i < 3; i++)
        assert_int_equal(hear_end(client), 0);
    assert_int_equal(hear_end(client), -1); /* and then pluto hangs up */
    close(client);
    client = dial();
    shutdown(client, SHUT_WR);
    assert_int_equal(hear_end(client), -1);
    close(client);
    assert_pluto_serves();
}

static int descriptors_of_pluto(void)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pluto);
    DIR *list = opendir(path);
    assert_non_null(list);
    while (readdir(list) != NULL)
        count++;
    closedir(list);
    return count;
}

/* Its reply never ends. */
static void client_that_goes_after_its_sending_side_is_forgotten(void **state)
{
    enum { CLIENTS = 8 };
    int clients[CLIENTS];
    (void)state;
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = dial();
        say(clients[i], "{\"styx\":1,\"command\":\"events\"}");
        shutdown(clients[i], SHUT_WR);
    }
    for (int i = 0; i < 3; i++)
        assert_pluto_serves(); /* meanwhile it sees where the input of each ends */
    int meanwhile = descriptors_of_pluto();
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    for (int i = 0; i < 1000 && descriptors_of_pluto() > meanwhile - CLIENTS; i++)
        usleep(10000);
    assert_true(descriptors_of_pluto() <= meanwhile - CLIENTS);
    assert_pluto_serves();
}

static void killed_client_leaves_pluto_well(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            int client = dial();
            say(client, "{\"styx\":1,\"command\":\"status\"}");
            add_connection(client, 1);
            say(client, "{\"styx\":1,\"command\":\"initiate\",\"name\":\"c1\"}");
            raise(SIGKILL);
        }
        waitpid(pid, NULL, 0);
    }
    assert_pluto_serves();
}

/* Writes and reads at the same time, as addconn does for a whole file. */
static void ten_thousand_connections_go_through_one_client(void **state)
{
    enum { CONNECTIONS = 10000 };
    int client = dial();
    (void)state;
    pid_t writer = fork();
    if (writer == 0) {
        for (unsigned i = 0; i < CONNECTIONS; i++)
            add_connection(client, i);
        _exit(0);
    }
    for (unsigned i = 0; i < CONNECTIONS; i++)
        assert_int_equal(hear_end(client), 0);
    waitpid(writer, NULL, 0);
    say(client, "{\"styx\":1,\"command\":\"status\"}");
    assert_int_equal(hear_end(client), 0);
    close(client);
}

static int run_second_pluto(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr) != NULL)
            execl(pluto_path, "pluto", "--nofork", "--protostack", "none", "--rundir", folder, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void second_pluto_of_one_folder_exits_with_10(void **state)
{
    (void)state;
    assert_int_equal(run_second_pluto(), 10);
    assert_pluto_serves();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_clients_at_once_are_all_served),
        cmocka_unit_test(garbage_is_answered_and_harms_nobody),
        cmocka_unit_test(client_that_never_reads_does_not_stall_the_others),
        cmocka_unit_test(client_that_closes_its_sending_side_gets_its_replies),
        cmocka_unit_test(client_that_goes_after_its_sending_side_is_forgotten),
        cmocka_unit_test(killed_client_leaves_pluto_well),
        cmocka_unit_test(ten_thousand_connections_go_through_one_client),
        cmocka_unit_test(second_pluto_of_one_folder_exits_with_10),
    };
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    pluto_path = argc > 1 ? argv[1] : "build/pluto";
    return cmocka_run_group_tests(tests, start_pluto, stop_pluto);
}
