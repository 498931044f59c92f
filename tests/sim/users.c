/* Users: the password file of a host, and whoever sits before it and answers what a command asks. */
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

static void finish_check(struct sim_host *host, void *context)
{
    struct login_result *result = context;
    engine_login_checked(host->engine, result);
    free(result);
}

void host_check_login(void *world, const struct login_request *request)
{
    struct sim_host *host = world;
    struct login_result *result = sim_alloc(sizeof(*result));
    *result = (struct login_result){
        .request_id = request->request_id, .ike_serial = request->ike_serial, .by = request->by};
    snprintf(result->reason, sizeof(result->reason), "Incorrect Username or Password");
    for (size_t i = 0; i < host->login_count; i++)
        if (strcmp(host->logins[i].user, request->user) == 0 &&
            strcmp(host->logins[i].password, request->password) == 0) {
            result->is_right = true;
            result->is_for_one = host->logins[i].is_for_one;
            result->address = host->logins[i].address;
        }
    usec_t delay = host->delays.job_max == 0 ? 0 : prng_between(&host->sim->prng, 0, host->delays.job_max);
    host_later(host, delay, finish_check, free, result);
}

struct answer {
    uint64_t client;
    const char *text;
};

static void give_answer(struct sim_host *host, void *context)
{
    struct answer *answer = context;
    engine_command(
        host->engine,
        &(struct command){.kind = COMMAND_ANSWER, .client = answer->client, .answer = answer->text});
    free(answer);
}

void host_answer_prompt(struct sim_host *host, const struct report *report)
{
    bool is_question = report->code == RC_ENTERSECRET || report->code == RC_USERPROMPT;
    if (!is_question || report->client == 0 || !host->answers_prompts || report->event != EVENT_NONE)
        return;
    struct answer *answer = sim_alloc(sizeof(*answer));
    answer->client = report->client;
    answer->text = report->code == RC_USERPROMPT ? host->answers.user : host->answers.password;
    host_later(host, milliseconds(300), give_answer, free, answer);
}

void sim_set_password(struct sim *sim, const char *name, const char *user, const char *password)
{
    struct sim_host *host = world_host(sim, name);
    for (size_t i = 0; i < host->login_count; i++)
        if (strcmp(host->logins[i].user, user) == 0) {
            host->logins[i].password = password;
            return;
        }
    if (host->login_count == SIM_LOGINS_MAX)
        abort();
    host->logins[host->login_count++] = (struct sim_login){.user = user, .password = password};
}

void sim_restrict_user(struct sim *sim, const char *name, const char *user)
{
    struct sim_host *host = world_host(sim, name);
    for (size_t i = 0; i < host->login_count; i++)
        if (strcmp(host->logins[i].user, user) == 0)
            host->logins[i].is_for_one = true;
}

void sim_set_user_address(struct sim *sim, const char *name, const char *user, const char *address)
{
    struct sim_host *host = world_host(sim, name);
    for (size_t i = 0; i < host->login_count; i++)
        if (strcmp(host->logins[i].user, user) == 0 && address_parse(address, &host->logins[i].address, NULL))
            return;
    abort();
}

void sim_set_xauth_secret(struct sim *sim, const char *name, const char *user, const char *password)
{
    world_host(sim, name)->xauth_secret = (struct sim_login){.user = user, .password = password};
    sim_restart(sim, name, 0);
}

void sim_set_answers(struct sim *sim, const char *name, const char *user, const char *password)
{
    struct sim_host *host = world_host(sim, name);
    host->answers = (struct sim_login){.user = user, .password = password};
    host->answers_prompts = true;
}
