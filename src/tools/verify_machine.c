#include "tools/verify_machine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/pfkeyv2.h>

#include "base/bytes.h"
#include "tools/control_client.h"
#include "tools/paths.h"
#include "tools/route_lookup.h"

static struct finding found(enum verdict verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static struct finding found(enum verdict verdict, const char *format, ...)
{
    struct finding finding = {.verdict = verdict};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding.text, sizeof(finding.text), format, arguments);
    va_end(arguments);
    return finding;
}

/* A number in a file of /proc; -1: there is none. */
static long read_number(const char *path)
{
    long number = -1;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    if (fscanf(file, "%ld", &number) != 1)
        number = -1;
    fclose(file);
    return number;
}

static bool pluto_answers(void)
{
    struct error error;
    struct control_client *client = control_client_open(&(struct control_location){0}, &error);
    control_client_close(client);
    return client != NULL;
}

/* ---- rights and programs ---- */

static struct finding check_rights(void)
{
    if (geteuid() == 0)
        return found(VERDICT_OK, "%s", "");
    return found(VERDICT_WARNING, "not root: some checks see less, and pluto needs CAP_NET_ADMIN");
}

static struct finding check_programs(void)
{
    char updown[4200];
    snprintf(updown, sizeof(updown), "%s/_updown", paths_exec_dir());
    if (access(paths_pluto(), X_OK) != 0)
        return found(VERDICT_FAILED, "%.200s cannot be run: install Styx again, or set IPSEC_EXECDIR",
                     paths_pluto());
    if (access(updown, X_OK) != 0)
        return found(VERDICT_FAILED, "%.200s cannot be run: routes of tunnels would not be set", updown);
    return found(VERDICT_OK, "%.200s", paths_exec_dir());
}

static struct finding check_pluto(void)
{
    if (pluto_answers())
        return found(VERDICT_OK, "running");
    return found(VERDICT_FAILED, "not running, or not reachable: ipsec start");
}

/* ---- the data plane ---- */

static bool names_module(const char *path, const char *module)
{
    char line[512];
    bool is_found = false;
    FILE *file = fopen(path, "re");
    while (file != NULL && !is_found && fgets(line, sizeof(line), file) != NULL)
        is_found = strstr(line, module) != NULL;
    if (file != NULL)
        fclose(file);
    return is_found;
}

static bool kernel_has_esp(void)
{
    struct utsname name;
    char path[256];
    uname(&name);
    snprintf(path, sizeof(path), "/lib/modules/%s/modules.builtin", name.release);
    if (names_module(path, "/esp4.ko") || names_module("/proc/modules", "esp4 "))
        return true;
    snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep", name.release);
    return names_module(path, "/esp4.ko");
}

static bool can_open(int family, int type, int protocol)
{
    int fd = socket(family, type | SOCK_CLOEXEC, protocol);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* The stacks that protostack= may name here. */
static struct finding check_data_plane(void)
{
    bool has_kernel = can_open(AF_NETLINK, SOCK_RAW, NETLINK_XFRM) && kernel_has_esp();
    bool has_pfkey = has_kernel && can_open(PF_KEY, SOCK_RAW, PF_KEY_V2);
    bool has_tun = access("/dev/net/tun", R_OK | W_OK) == 0;
    if (has_kernel)
        return found(VERDICT_OK, "the kernel has ESP: protostack=xfrm%s%s", has_pfkey ? ", pfkey" : "",
                     has_tun ? ", userspace" : "");
    if (has_tun)
        return found(VERDICT_OK, "this kernel has no ESP: the userspace plane will carry the traffic");
    return found(VERDICT_FAILED,
                 "neither ESP in the kernel nor /dev/net/tun for the userspace plane: modprobe esp4, "
                 "or modprobe tun");
}

static struct finding check_tun(void)
{
    int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (tun < 0)
        return found(VERDICT_WARNING, "/dev/net/tun: %s; protostack=userspace is not possible",
                     strerror(errno));
    close(tun);
    return found(VERDICT_OK, "%s", "");
}

/* ---- the network ---- */

static struct finding check_forwarding(void)
{
    long v4 = read_number("/proc/sys/net/ipv4/ip_forward"),
         v6 = read_number("/proc/sys/net/ipv6/conf/all/forwarding");
    if (v4 == 1)
        return found(VERDICT_OK, "IPv4%s", v6 == 1 ? " and IPv6" : "");
    return found(VERDICT_WARNING, "off: a gateway for other hosts needs it: sysctl -w net.ipv4.ip_forward=1 "
                                  "(host-to-host works without)");
}

/* Interfaces whose setting `is_bad`, by name. */
static size_t list_interfaces(const char *setting, long bad, char *out, size_t size)
{
    char pattern[128];
    glob_t paths;
    size_t count = 0;
    snprintf(pattern, sizeof(pattern), "/proc/sys/net/ipv4/conf/*/%s", setting);
    out[0] = '\0';
    if (glob(pattern, 0, NULL, &paths) != 0)
        return 0;
    for (size_t i = 0; i < paths.gl_pathc; i++) {
        const char *name = paths.gl_pathv[i] + strlen("/proc/sys/net/ipv4/conf/");
        size_t used = strlen(out);
        if (strncmp(name, "lo/", 3) == 0 || read_number(paths.gl_pathv[i]) != bad)
            continue;
        count++;
        if (used + 40 < size)
            snprintf(out + used, size - used, " %.*s", (int)strcspn(name, "/"), name);
    }
    globfree(&paths);
    return count;
}

static struct finding check_rp_filter(void)
{
    char names[FINDING_SIZE / 2];
    if (list_interfaces("rp_filter", 1, names, sizeof(names)) == 0)
        return found(VERDICT_OK, "%s", "");
    return found(
        VERDICT_WARNING,
        "strict on%s: decrypted packets may be dropped there: sysctl -w net.ipv4.conf.INTERFACE.rp_filter=2",
        names);
}

static struct finding check_send_redirects(void)
{
    char names[FINDING_SIZE / 2];
    if (list_interfaces("send_redirects", 1, names, sizeof(names)) == 0 ||
        read_number("/proc/sys/net/ipv4/ip_forward") != 1)
        return found(VERDICT_OK, "%s", "");
    return found(VERDICT_WARNING,
                 "on for%s: hosts may be told to go around the tunnel: sysctl -w "
                 "net.ipv4.conf.INTERFACE.send_redirects=0",
                 names);
}

static struct finding check_accept_redirects(void)
{
    char names[FINDING_SIZE / 2];
    if (list_interfaces("accept_redirects", 1, names, sizeof(names)) == 0)
        return found(VERDICT_OK, "%s", "");
    return found(
        VERDICT_WARNING,
        "on for%s: anybody on the link may move routes: sysctl -w net.ipv4.conf.INTERFACE.accept_redirects=0",
        names);
}

static struct finding check_default_route(void)
{
    struct ip_address far = address_of_v4(0xcb007101); /* 203.0.113.1, set aside for documentation */
    struct route_found route;
    struct error error;
    char source[ADDRESS_TEXT_SIZE];
    if (!route_lookup(&far, NULL, &route, &error))
        return found(VERDICT_WARNING, "none (%s): left=%%defaultroute will not work", error.text);
    return found(VERDICT_OK, "from %s by %s", address_text(&route.source, source), route.interface);
}

/* Taken is right when pluto is the one that has it. */
static struct finding check_port(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int trouble = bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
    bool is_ours = trouble == EADDRINUSE && pluto_answers();
    if (descriptor >= 0)
        close(descriptor);
    if (trouble == 0 || is_ours)
        return found(VERDICT_OK, is_ours ? "in use while pluto runs" : "free");
    if (trouble == EADDRINUSE)
        return found(VERDICT_FAILED, "another program has it: ss -ulnp sport = :%u tells which", port);
    return found(VERDICT_WARNING, "cannot be tried: %s", strerror(trouble));
}

static struct finding check_port_500(void)
{
    return check_port(500);
}

static struct finding check_port_4500(void)
{
    return check_port(4500);
}

const struct machine_check machine_checks[] = {
    {"Rights", check_rights},
    {"Programs", check_programs},
    {"Pluto", check_pluto},
    {"Data plane", check_data_plane},
    {"TUN device", check_tun},
    {"IP forwarding", check_forwarding},
    {"rp_filter", check_rp_filter},
    {"ICMP redirects sent", check_send_redirects},
    {"ICMP redirects obeyed", check_accept_redirects},
    {"Default route", check_default_route},
    {"UDP port 500", check_port_500},
    {"UDP port 4500", check_port_4500},
};
const size_t machine_check_count = ARRAY_SIZE(machine_checks);
