/*
 * Fuzzing IKEv1: Main, Aggressive and Quick Mode, Informational and Transaction messages to either role, in
 * the clear and as what a peer with the right keys sends (decrypted, HASH right). The input: one byte of
 * the scene (twice round: with bundles of AH, ESP and IPComp), then messages: type of the first payload, two
 * bytes of length, chain.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/reader.h"
#include "ikev1_inject.h"
#include "wire/ikev1_numbers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum scene {
    SCENE_FIRST_MESSAGE,   /* to a responder, from a stranger */
    SCENE_MAIN_RESPONSE_1, /* to an initiator that has just begun */
    SCENE_MAIN_RESPONSE_2,
    SCENE_MAIN_REQUEST_3,  /* decrypted */
    SCENE_MAIN_RESPONSE_3, /* decrypted */
    SCENE_AGGRESSIVE_RESPONSE,
    SCENE_QUICK_REQUEST,  /* proved */
    SCENE_QUICK_RESPONSE, /* proved */
    SCENE_INFORMATIONAL,  /* proved */
    SCENE_INFORMATIONAL_IN_THE_CLEAR,
    SCENE_TRANSACTION,   /* proved */
    SCENE_XAUTH_REQUEST, /* proved; to a client that waits for the server's questions */
    SCENE_XAUTH_REPLY,   /* proved; to a server that has asked */
    SCENE_COUNT,
};

struct play {
    struct sim *sim;
    const char *liar, *victim;
    struct ikev1_injection injection;
};

#define WORDS                                                                                                \
    "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west authby=secret keyexchange=ikev1 "             \
    "ike=aes128-sha2;dh31 esp=aes128-sha2,aes_gcm128 "

static struct sim *make_world(enum scene scene, bool is_bundle)
{
    char words[512];
    const char *more = " leftsubnet=10.1.0.0/24 rightsubnet=10.2.0.0/24";
    if (scene == SCENE_AGGRESSIVE_RESPONSE)
        more = " leftsubnet=10.1.0.0/24 rightsubnet=10.2.0.0/24 aggressive=yes";
    else if (scene == SCENE_XAUTH_REQUEST || scene == SCENE_XAUTH_REPLY)
        more = " leftxauthclient=yes rightxauthserver=yes xauthfail=soft";
    snprintf(words, sizeof(words), WORDS "%s%s", more, is_bundle ? " phase2=ah+esp compress=yes" : "");
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_connection(sim, "tunnel", words);
    sim_set_password(sim, "west", "alice", "secret");
    return sim;
}

/* East begins; so many messages of each side pass, then only the liar is heard. */
static void begin(struct play *play, unsigned from_east, unsigned from_west, bool liar_is_east)
{
    sim_drop(play->sim, "east", MESSAGE_ANY, PART_EITHER, from_east, 1000);
    sim_drop(play->sim, "west", MESSAGE_ANY, PART_EITHER, from_west, 1000);
    sim_start(play->sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(play->sim, milliseconds(80));
    sim_heal(play->sim);
    play->liar = liar_is_east ? "east" : "west";
    play->victim = liar_is_east ? "west" : "east";
}

static void establish(struct play *play, uint8_t exchange)
{
    sim_up(play->sim, "east", "tunnel");
    sim_settle(play->sim, seconds(5));
    play->liar = "west";
    play->victim = "east";
    play->injection.exchange = exchange;
    play->injection.is_encrypted = true;
    play->injection.hash = IKEV1_HASH_1;
    play->injection.message_id = 77;
}

/* Phase 1 is through; what is said is proved. */
static void login(struct play *play)
{
    sim_run_for(play->sim, milliseconds(50));
    play->injection.exchange = ISAKMP_TRANSACTION;
    play->injection.is_encrypted = true;
    play->injection.hash = IKEV1_HASH_1;
    play->injection.message_id = 77;
}

static void set_scene(struct play *play, enum scene scene)
{
    play->injection.exchange = ISAKMP_MAIN;
    switch (scene) {
    case SCENE_FIRST_MESSAGE:
        begin(play, 0, 0, true);
        play->injection.is_first = true;
        break;
    case SCENE_MAIN_RESPONSE_1:
        begin(play, 1, 0, false);
        break;
    case SCENE_MAIN_RESPONSE_2:
        begin(play, 2, 1, false);
        break;
    case SCENE_MAIN_REQUEST_3:
        begin(play, 2, 2, true);
        play->injection.is_encrypted = play->injection.is_phase1 = true;
        break;
    case SCENE_MAIN_RESPONSE_3:
        begin(play, 2, 2, false);
        play->injection.is_encrypted = play->injection.is_phase1 = true;
        break;
    case SCENE_AGGRESSIVE_RESPONSE:
        begin(play, 1, 0, false);
        play->injection.exchange = ISAKMP_AGGRESSIVE;
        break;
    case SCENE_QUICK_REQUEST:
        establish(play, ISAKMP_QUICK);
        break;
    case SCENE_QUICK_RESPONSE:
        establish(play, ISAKMP_QUICK);
        sim_partition(play->sim, "east", NULL, minutes(10));
        sim_start(play->sim, "east", COMMAND_REKEY_CHILD, "tunnel");
        sim_run_for(play->sim, milliseconds(20));
        play->injection.hash = IKEV1_HASH_2;
        play->injection.message_id = sim_ikev1_quick_message_id(play->sim, "east");
        break;
    case SCENE_INFORMATIONAL:
        establish(play, ISAKMP_INFORMATIONAL);
        break;
    case SCENE_TRANSACTION:
        establish(play, ISAKMP_TRANSACTION);
        break;
    case SCENE_XAUTH_REQUEST:
        begin(play, 3, 3, false);
        login(play);
        break;
    case SCENE_XAUTH_REPLY:
        begin(play, 3, 4, true);
        login(play);
        play->injection.message_id = sim_ikev1_request_message_id(play->sim, "west");
        play->injection.goes_on = true;
        break;
    default:
        establish(play, ISAKMP_INFORMATIONAL);
        play->injection.is_encrypted = false;
        play->injection.hash = IKEV1_NO_HASH;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader = reader_of(bytes_of(data, size));
    uint8_t first = reader_u8(&reader);
    enum scene scene = first % SCENE_COUNT;
    struct play play = {.sim = make_world(scene, first / SCENE_COUNT % 2 == 1)};
    set_scene(&play, scene);
    while (reader.left > 0 && !reader.failed) {
        play.injection.first = reader_u8(&reader);
        size_t length = reader_u16(&reader);
        play.injection.chain = reader_bytes(&reader, length < reader.left ? length : reader.left);
        sim_inject_ikev1(play.sim, play.liar, play.victim, &play.injection);
        if (scene == SCENE_FIRST_MESSAGE) {
            play.injection.exchange = ISAKMP_AGGRESSIVE;
            sim_inject_ikev1(play.sim, play.liar, play.victim, &play.injection);
            play.injection.exchange = ISAKMP_MAIN;
        }
        sim_run_for(play.sim, milliseconds(30));
        play.injection.message_id +=
            scene == SCENE_QUICK_REQUEST || (scene >= SCENE_INFORMATIONAL && scene != SCENE_XAUTH_REPLY);
    }
    sim_run_for(play.sim, minutes(3));
    if (sim_failure(play.sim)[0] != '\0') {
        fprintf(stderr, "%s\n", sim_failure(play.sim));
        abort();
    }
    sim_free(play.sim);
    return 0;
}
