/*
 * Fuzzing what an authenticated peer (or one about to be) can send: the input becomes the decrypted payloads
 * of a message that is protected with the real keys, in IKE_AUTH, CREATE_CHILD_SA and INFORMATIONAL, to
 * either role. The input: one byte of options, then messages: type of the first payload, two bytes of length,
 * chain.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/reader.h"
#include "sim.h"
#include "test_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum scene {
    SCENE_AUTH_REQUEST,
    SCENE_AUTH_RESPONSE,
    SCENE_REQUESTS_TO_RESPONDER,
    SCENE_REQUESTS_TO_INITIATOR,
    SCENE_CHILD_REKEY_RESPONSE,
    SCENE_IKE_REKEY_RESPONSE,
    SCENE_DELETE_RESPONSE,
    SCENE_NEW_CHILD_RESPONSE,
    SCENE_COUNT,
};

struct play {
    struct sim *sim;
    const char *liar, *victim;
    bool is_response;
    uint8_t exchange;
    uint32_t message_id;
};

#define WORDS                                                                                                \
    "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west authby=secret|rsasig "                        \
    "leftrsasigkey=0s" EAST_RSA " rightrsasigkey=0s" WEST_RSA " "                                            \
    "ike=aes_gcm128-sha2_256;dh31 esp=aes_gcm128;dh31 narrowing=yes "

static struct sim *make_world(void)
{
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_connection(sim, "tunnel", WORDS "leftsubnet=10.1.0.0/24 rightsubnet=10.2.0.0/24");
    sim_add_connection(sim, "second", WORDS "leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24");
    return sim;
}

/* Both have keys, IKE_AUTH is under way, and what the liar says is lost. */
static void play_auth(struct play *play, bool is_response)
{
    *play = (struct play){
        play->sim, is_response ? "west" : "east", is_response ? "east" : "west", is_response, IKE_AUTH, 1};
    sim_drop(play->sim, play->liar, MESSAGE_AUTH, is_response ? PART_RESPONSE : PART_REQUEST, 0, 1000);
    sim_start(play->sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(play->sim, milliseconds(60));
}

static void play_requests(struct play *play, bool to_responder, uint8_t exchange)
{
    sim_up(play->sim, "east", "tunnel");
    *play = (struct play){
        play->sim,           to_responder ? "east" : "west", to_responder ? "west" : "east", false, exchange,
        to_responder ? 2 : 0};
}

/* East asks and hears only the liar's answer. */
static void play_answer(struct play *play, uint8_t exchange, enum command_kind kind, const char *connection)
{
    sim_up(play->sim, "east", "tunnel");
    sim_settle(play->sim, seconds(5));
    sim_partition(play->sim, "east", NULL, minutes(10));
    sim_start(play->sim, "east", kind, connection);
    sim_run_for(play->sim, milliseconds(20));
    *play = (struct play){play->sim, "west", "east", true, exchange, 2};
}

static void set_scene(struct play *play, uint8_t options)
{
    static const uint8_t exchanges[] = {CREATE_CHILD_SA, INFORMATIONAL};
    uint8_t exchange = exchanges[options >> 7];
    switch (options % SCENE_COUNT) {
    case SCENE_AUTH_REQUEST:
        play_auth(play, false);
        break;
    case SCENE_AUTH_RESPONSE:
        play_auth(play, true);
        break;
    case SCENE_REQUESTS_TO_RESPONDER:
        play_requests(play, true, exchange);
        break;
    case SCENE_REQUESTS_TO_INITIATOR:
        play_requests(play, false, exchange);
        break;
    case SCENE_CHILD_REKEY_RESPONSE:
        play_answer(play, CREATE_CHILD_SA, COMMAND_REKEY_CHILD, "tunnel");
        break;
    case SCENE_IKE_REKEY_RESPONSE:
        play_answer(play, CREATE_CHILD_SA, COMMAND_REKEY_IKE, "tunnel");
        break;
    case SCENE_DELETE_RESPONSE:
        play_answer(play, INFORMATIONAL, COMMAND_TERMINATE, "tunnel");
        break;
    default:
        play_answer(play, CREATE_CHILD_SA, COMMAND_INITIATE, "second");
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader = reader_of(bytes_of(data, size));
    uint8_t options = reader_u8(&reader);
    struct play play = {.sim = make_world()};
    set_scene(&play, options);
    while (reader.left > 0 && !reader.failed) {
        uint8_t first = reader_u8(&reader);
        size_t length = reader_u16(&reader);
        if (length > reader.left)
            length = reader.left;
        sim_inject_protected(play.sim, play.liar, play.victim, play.exchange, play.is_response,
                             play.message_id, first, reader_bytes(&reader, length));
        sim_run_for(play.sim, milliseconds(30));
        play.message_id += !play.is_response;
    }
    sim_run_for(play.sim, minutes(3));
    if (sim_failure(play.sim)[0] != '\0') {
        fprintf(stderr, "%s\n", sim_failure(play.sim));
        abort();
    }
    sim_free(play.sim);
    return 0;
}
