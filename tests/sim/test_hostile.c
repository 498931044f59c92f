/* What has brought down other IKE daemons: messages at the wrong time, or by a peer with keys and bad
 * manners. */
#include "scenario.h"

enum { HEADER_NEXT = 16, HEADER_FLAGS = 19, HEADER_LENGTH = 24, NOTIFY_SIZE = 8 };

/* The newest IKE_SA_INIT request that east has sent. */
static const struct sim_record *init_request(struct sim *sim)
{
    size_t count;
    const struct sim_record *records = sim_records(sim, &count);
    for (size_t i = count; i > 0; i--)
        if (strcmp(records[i - 1].from, "east") == 0 && records[i - 1].kind == MESSAGE_INIT)
            return &records[i - 1];
    fail_msg("east has sent no IKE_SA_INIT request");
    return NULL;
}

/* Chains of one payload that have a body of `size` bytes. */
static struct bytes payload(uint8_t *out, uint8_t next, const void *body, size_t size)
{
    out[0] = next;
    out[1] = 0;
    store_be16(out + 2, (uint16_t)(4 + size));
    memcpy(out + 4, body, size);
    return bytes_of(out, 4 + size);
}

/* ---- exchanges at the wrong time ---- */

static const uint8_t exchanges[] = {CREATE_CHILD_SA, INFORMATIONAL, IKE_AUTH, IKE_SA_INIT};

/* After IKE_SA_INIT there are keys, but nobody has proved anything. */
static void before_ike_auth_nothing_else_is_answered_by_the_responder(void **state)
{
    (void)state;
    uint8_t bytes[16];
    static const uint8_t delete_ike[] = {PROTOCOL_IKE, 0, 0, 0};
    struct sim *sim = gateways();
    sim_record(sim);
    sim_drop(sim, "east", MESSAGE_AUTH, PART_REQUEST, 0, 3);
    uint64_t client = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(100));
    size_t answered = sim_count(sim, "west", MESSAGE_ANY, PART_EITHER);
    struct bytes chain = payload(bytes, PAYLOAD_NONE, delete_ike, sizeof(delete_ike));
    for (uint32_t id = 0; id < 3; id++)
        for (size_t i = 0; i < 2; i++)
            assert_true(
                sim_inject_protected(sim, "east", "west", exchanges[i], false, id, PAYLOAD_DELETE, chain));
    sim_run_for(sim, milliseconds(100));
    assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), answered);
    assert_int_equal(sim_ike_count(sim, "west"), 0);
    assert_settles(sim);
    assert_int_equal(sim_result(sim, "east", client), 0);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

/* CVE-2014-2338: a rekey of what is not yet authenticated must not make it so. */
static void before_ike_auth_the_initiator_takes_no_requests(void **state)
{
    (void)state;
    uint8_t bytes[16];
    static const uint8_t nonce[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct sim *sim = gateways();
    sim_record(sim);
    sim_drop(sim, "west", MESSAGE_AUTH, PART_RESPONSE, 0, 100);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(100));
    struct bytes chain = payload(bytes, PAYLOAD_NONE, nonce, sizeof(nonce));
    for (uint32_t id = 0; id < 3; id++)
        for (size_t i = 0; i < ARRAY_SIZE(exchanges); i++)
            for (int is_response = 0; is_response < 2; is_response++)
                if (exchanges[i] != IKE_AUTH || is_response == 0)
                    assert_true(sim_inject_protected(sim, "west", "east", exchanges[i], is_response, id,
                                                     PAYLOAD_NONCE, chain));
    sim_run_for(sim, milliseconds(200));
    assert_int_equal(sim_ike_count(sim, "east"), 0);
    assert_int_equal(sim_count(sim, "east", MESSAGE_CREATE, PART_EITHER), 0);
    assert_int_equal(sim_count(sim, "east", MESSAGE_INFORMATIONAL, PART_EITHER), 0);
    sim_down(sim, "east", "tunnel");
    sim_free(sim);
}

/* What one sends comes back: it is nobody's answer. */
static void reflected_messages_change_nothing(void **state)
{
    (void)state;
    struct sim *sim = gateways();
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    size_t count;
    sim_records(sim, &count);
    for (size_t i = 0; i < count; i++) {
        const struct sim_record *record = &sim_records(sim, &(size_t){0})[i];
        uint8_t copy[4096];
        bool is_east = strcmp(record->from, "east") == 0;
        memcpy(copy, record->bytes, record->size);
        sim_inject(sim, is_east ? "west" : "east", record->from, record->source.port,
                   bytes_of(copy, record->size));
        copy[HEADER_FLAGS] ^= IKEV2_FLAG_INITIATOR | IKEV2_FLAG_RESPONSE;
        sim_inject(sim, is_east ? "west" : "east", record->from, record->source.port,
                   bytes_of(copy, record->size));
        sim_run_for(sim, milliseconds(20));
    }
    sim_run_for(sim, minutes(2));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* ---- a peer that begins over and over ---- */

static void answer_with(struct sim *sim, const struct sim_record *request, uint16_t type, const uint8_t *data,
                        size_t size)
{
    uint8_t message[IKE_HEADER_SIZE + NOTIFY_SIZE + 64] = {0};
    memcpy(message, request->bytes, IKE_HEADER_SIZE);
    message[HEADER_NEXT] = PAYLOAD_NOTIFY;
    message[HEADER_FLAGS] = IKEV2_FLAG_RESPONSE;
    store_be32(message + HEADER_LENGTH, (uint32_t)(IKE_HEADER_SIZE + NOTIFY_SIZE + size));
    store_be16(message + IKE_HEADER_SIZE + 2, (uint16_t)(NOTIFY_SIZE + size));
    store_be16(message + IKE_HEADER_SIZE + 6, type);
    memcpy(message + IKE_HEADER_SIZE + NOTIFY_SIZE, data, size);
    sim_inject(sim, "west", "east", 500, bytes_of(message, IKE_HEADER_SIZE + NOTIFY_SIZE + size));
    sim_run_for(sim, milliseconds(15));
}

static void a_peer_that_asks_for_ever_new_beginnings_is_soon_ignored(void **state)
{
    (void)state;
    static const uint8_t groups[][2] = {{0, 19}, {0, 31}, {4, 1}, {0, 0}, {255, 255}};
    struct sim *sim =
        gateways_with(HOSTS SUBNETS " ike=aes_gcm128-sha2_256;dh31+dh19 retransmit-timeout=60s");
    sim_record(sim);
    sim_partition(sim, "west", NULL, minutes(10));
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(10));
    for (uint8_t i = 0; i < 40; i++) {
        uint8_t cookie[64] = {i};
        sim_heal(sim);
        if (i % 2 == 0)
            answer_with(sim, init_request(sim), COOKIE, cookie, 1 + i);
        else
            answer_with(sim, init_request(sim), INVALID_KE_PAYLOAD, groups[i % ARRAY_SIZE(groups)], 2);
    }
    assert_true(sim_count(sim, "east", MESSAGE_INIT, PART_REQUEST) <= 8);
    assert_true(sim_log_has(sim, "east", "ignoring the peer's wish for another IKE_SA_INIT"));
    sim_down(sim, "east", "tunnel");
    sim_free(sim);
}

/* RFC 7296 2.6: of any length but the right one, or from somewhere else. */
static void only_its_own_cookie_opens_a_busy_responder(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 8, 28, 64};
    struct sim *sim = gateways();
    sim_settings(sim, "west")->ddos_mode = DDOS_BUSY;
    sim_restart(sim, "west", 0);
    sim_record(sim);
    sim_drop(sim, "west", MESSAGE_INIT, PART_RESPONSE, 0, 100);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(10));
    const struct sim_record *request = init_request(sim);
    uint8_t plain[2048];
    size_t plain_size = request->size;
    memcpy(plain, request->bytes, plain_size);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        uint8_t message[2048];
        size_t notify_size = NOTIFY_SIZE + sizes[i];
        memcpy(message, plain, IKE_HEADER_SIZE);
        memset(message + IKE_HEADER_SIZE, 0x5a, notify_size);
        message[IKE_HEADER_SIZE] = message[HEADER_NEXT];
        message[HEADER_NEXT] = PAYLOAD_NOTIFY;
        store_be16(message + IKE_HEADER_SIZE + 2, (uint16_t)notify_size);
        store_be16(message + IKE_HEADER_SIZE + 4, 0);
        store_be16(message + IKE_HEADER_SIZE + 6, COOKIE);
        memcpy(message + IKE_HEADER_SIZE + notify_size, plain + IKE_HEADER_SIZE,
               plain_size - IKE_HEADER_SIZE);
        store_be32(message + HEADER_LENGTH, (uint32_t)(plain_size + notify_size));
        sim_inject(sim, "east", "west", 500, bytes_of(message, plain_size + notify_size));
        sim_run_for(sim, milliseconds(20));
        assert_int_equal(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, 0);
    }
    sim_down(sim, "east", "tunnel");
    sim_free(sim);
}

/* ---- a peer that has the keys ---- */

static uint32_t next_id(struct sim *sim)
{
    size_t count;
    uint32_t id = 0;
    const struct sim_record *records = sim_records(sim, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(records[i].from, "east") == 0 && !records[i].is_response)
            id = load_be32(records[i].bytes + 20);
    return id + 1;
}

static struct sim *recorded(void)
{
    struct sim *sim = gateways();
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    return sim;
}

static void say(struct sim *sim, uint8_t exchange, uint8_t first, struct bytes chain)
{
    assert_true(sim_inject_protected(sim, "east", "west", exchange, false, next_id(sim), first, chain));
    sim_run_for(sim, milliseconds(200));
}

/* CVE-2023-38710: what the peer names is never copied into an answer of ours unchecked. */
static void a_rekey_of_an_sa_of_any_protocol_is_answered(void **state)
{
    (void)state;
    for (unsigned protocol = 0; protocol < 256; protocol += protocol < 5 ? 1 : 50) {
        static const uint8_t spi_sizes[] = {0, 4, 8};
        for (size_t i = 0; i < ARRAY_SIZE(spi_sizes); i++) {
            struct sim *sim = recorded();
            uint8_t bytes[32];
            uint8_t body[12] = {(uint8_t)protocol, spi_sizes[i], REKEY_SA >> 8, REKEY_SA & 0xff, 1, 2, 3, 4};
            say(sim, CREATE_CHILD_SA, PAYLOAD_NOTIFY, payload(bytes, PAYLOAD_NONE, body, 4u + spi_sizes[i]));
            assert_int_equal(sim_count(sim, "west", MESSAGE_CREATE, PART_RESPONSE), 1);
            assert_int_equal(sim_count_errors(sim, "west", INVALID_SYNTAX), 1); /* there is no SA payload */
            assert_string_equal(sim_failure(sim), "");
            sim_free(sim);
        }
    }
}

/* A Delete of everything at once, and of more than is there. */
static void deletes_of_every_shape_do_no_harm(void **state)
{
    (void)state;
    static const uint8_t shapes[][8] = {
        {PROTOCOL_IKE, 0, 0, 0},
        {PROTOCOL_IKE, 8, 0, 1},
        {PROTOCOL_IKE, 0, 255, 255},
        {PROTOCOL_ESP, 4, 0, 0},
        {PROTOCOL_ESP, 4, 0, 1},
        {PROTOCOL_ESP, 4, 255, 255},
        {PROTOCOL_ESP, 0, 255, 255},
        {PROTOCOL_ESP, 255, 0, 1},
        {PROTOCOL_AH, 4, 0, 1, 1, 2, 3, 4},
        {0, 4, 0, 1, 1, 2, 3, 4},
        {255, 0, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(shapes); j++) {
            struct sim *sim = recorded();
            uint8_t bytes[64];
            size_t size = payload(bytes, PAYLOAD_DELETE, shapes[i], sizeof(shapes[i])).size;
            size += payload(bytes + size, PAYLOAD_NONE, shapes[j], shapes[j][4] != 0 ? 8 : 4).size;
            say(sim, INFORMATIONAL, PAYLOAD_DELETE, bytes_of(bytes, size));
            assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_RESPONSE), 3);
            assert_string_equal(sim_failure(sim), "");
            sim_free(sim);
        }
    }
}

/* What is protected is protected once, whole or in fragments. */
static void protection_inside_protection_is_refused(void **state)
{
    (void)state;
    static const uint8_t types[] = {PAYLOAD_SK, PAYLOAD_SKF};
    static const uint8_t fragment[40] = {0, 1, 0, 1};
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct sim *sim = recorded();
        uint8_t bytes[64];
        say(sim, INFORMATIONAL, types[i], payload(bytes, PAYLOAD_DELETE, fragment, sizeof(fragment)));
        assert_int_equal(sim_count_errors(sim, "west", INVALID_SYNTAX), 1);
        sim_free(sim);
    }
}

/* One proposal: AES-GCM with 128 bits, without extended sequence numbers. */
static const uint8_t esp_proposal[] = {0, 0, 0, 32, 1,    PROTOCOL_ESP, 4, 2,   9, 9, 9, 9, 3, 0, 0, 12,
                                       1, 0, 0, 20, 0x80, 14,           0, 128, 0, 0, 0, 8, 5, 0, 0, 0};

struct selector_shape {
    uint8_t count, type;
    uint16_t length;
    size_t size;
    uint16_t refusal;
};

/* A request for a Child SA whose selectors are both of this shape: the highest address alone. */
static void assert_selectors_are_refused(const struct selector_shape *shape)
{
    struct sim *sim = recorded();
    uint8_t bytes[256], nonce[32] = {1}, body[64] = {shape->count};
    memset(body + 4, 0xff, 48);
    body[4] = shape->type;
    body[5] = 0;
    store_be16(body + 6, shape->length);
    size_t size = payload(bytes, PAYLOAD_NONCE, esp_proposal, sizeof(esp_proposal)).size;
    size += payload(bytes + size, PAYLOAD_TSI, nonce, sizeof(nonce)).size;
    size += payload(bytes + size, PAYLOAD_TSR, body, 4 + shape->size).size;
    size += payload(bytes + size, PAYLOAD_NONE, body, 4 + shape->size).size;
    say(sim, CREATE_CHILD_SA, PAYLOAD_SA, bytes_of(bytes, size));
    assert_int_equal(sim_count_errors(sim, "west", shape->refusal), 1);
    assert_int_equal(sim_child_count(sim, "west"), shape->refusal != INVALID_SYNTAX);
    sim_free(sim);
}

/* CVE-2023-23009 */
static void selectors_of_any_shape_are_refused(void **state)
{
    (void)state;
    static const struct selector_shape shapes[] = {
        {1, 7, 16, 16, TS_UNACCEPTABLE}, /* nothing wrong with it but that nobody wants it */
        {0, 7, 16, 16, INVALID_SYNTAX},    {0, 7, 16, 0, INVALID_SYNTAX},    {1, 7, 16, 0, INVALID_SYNTAX},
        {2, 7, 16, 16, INVALID_SYNTAX},    {255, 7, 16, 16, INVALID_SYNTAX}, {1, 7, 15, 15, INVALID_SYNTAX},
        {1, 7, 17, 17, INVALID_SYNTAX},    {1, 7, 0, 16, INVALID_SYNTAX},    {1, 7, 7, 7, INVALID_SYNTAX},
        {1, 8, 16, 16, INVALID_SYNTAX},    {1, 7, 40, 40, INVALID_SYNTAX},   {1, 7, 16, 15, INVALID_SYNTAX},
        {1, 7, 65535, 16, INVALID_SYNTAX},
    };
    for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
        print_message("count %u type %u length %u size %zu\n", shapes[i].count, shapes[i].type,
                      shapes[i].length, shapes[i].size);
        assert_selectors_are_refused(&shapes[i]);
    }
}

/* Selectors of a peer that has as many networks as can be named (255); ours are among the last. */
static struct bytes many_selectors(uint8_t *out, uint8_t next, uint8_t ours)
{
    enum { COUNT = 255, SIZE = 16 };
    uint8_t body[4 + COUNT * SIZE] = {COUNT};
    for (unsigned i = 0; i < COUNT; i++) {
        uint8_t first = i == COUNT - 2 ? 10 : 172, third = i == COUNT - 2 ? 0 : (uint8_t)i;
        const uint8_t selector[SIZE] = {7,     0,    0,     SIZE, 0,     0,    255,   255,
                                        first, ours, third, 0,    first, ours, third, 255};
        memcpy(body + 4 + i * SIZE, selector, SIZE);
    }
    return payload(out, next, body, sizeof(body));
}

static void any_of_the_most_selectors_may_be_the_one_that_fits(void **state)
{
    (void)state;
    struct sim *sim = established_with(TUNNEL " narrowing=yes pfs=no");
    static uint8_t bytes[10000];
    uint8_t nonce[32] = {1};
    sim_record(sim);
    size_t size = payload(bytes, PAYLOAD_NONCE, esp_proposal, sizeof(esp_proposal)).size;
    size += payload(bytes + size, PAYLOAD_TSI, nonce, sizeof(nonce)).size;
    size += many_selectors(bytes + size, PAYLOAD_TSR, 1).size;
    size += many_selectors(bytes + size, PAYLOAD_NONE, 2).size;
    assert_true(sim_inject_protected(sim, "east", "west", CREATE_CHILD_SA, false, 2, PAYLOAD_SA,
                                     bytes_of(bytes, size)));
    sim_run_for(sim, milliseconds(200));
    assert_int_equal(sim_count_errors(sim, "west", TS_UNACCEPTABLE), 0);
    assert_int_equal(sim_child_count(sim, "west"), 2);
    sim_free(sim);
}

/* ---- IKE_AUTH of somebody who has keys, and proves nothing ---- */

/* IDi, AUTH, SA, TSi and TSr, without that number; with every payload if there is none such. */
static struct bytes auth_chain(uint8_t out[static 1024], size_t left_out, const struct bytes *id,
                               uint8_t *ret_first)
{
    static const uint8_t types[] = {PAYLOAD_IDI, PAYLOAD_AUTH, PAYLOAD_SA, PAYLOAD_TSI, PAYLOAD_TSR};
    static const uint8_t proof[36] = {2, 0, 0, 0, 1},
                         anywhere[20] = {1,   0,   0, 0, 7, 0, 0,   16,  0,   0,
                                         255, 255, 0, 0, 0, 0, 255, 255, 255, 255};
    const struct bytes bodies[] = {
        *id, bytes_of(proof, sizeof(proof)), bytes_of(esp_proposal, sizeof(esp_proposal)),
        bytes_of(anywhere, sizeof(anywhere)), bytes_of(anywhere, sizeof(anywhere))};
    size_t size = 0;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        size_t next = i + 1 == left_out ? i + 2 : i + 1;
        uint8_t next_type = next < ARRAY_SIZE(types) ? types[next] : PAYLOAD_NONE;
        if (i != left_out)
            size += payload(out + size, next_type, bodies[i].data, bodies[i].size).size;
    }
    *ret_first = types[left_out == 0];
    return bytes_of(out, size);
}

/* It is refused with this, once; what was half open ends, and the peer's next attempt comes through. */
static void assert_auth_is_refused(size_t left_out, struct bytes id, uint16_t refusal)
{
    uint8_t bytes[1024], first;
    struct sim *sim = gateways();
    sim_record(sim);
    sim_drop(sim, "east", MESSAGE_AUTH, PART_REQUEST, 0, 1);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, milliseconds(100));
    struct bytes chain = auth_chain(bytes, left_out, &id, &first);
    assert_true(sim_inject_protected(sim, "east", "west", IKE_AUTH, false, 1, first, chain));
    sim_run_for(sim, milliseconds(8)); /* before east begins anew */
    assert_int_equal(sim_count_errors(sim, "west", refusal), 1);
    assert_int_equal(sim_ike_count(sim, "west"), 0);
    assert_int_equal(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, 0);
    sim_run_for(sim, minutes(5));
    assert_settles(sim);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* CVE-2013-6466; without an AUTH payload EAP is asked for, which nobody allows. */
static void ike_auth_without_any_of_its_payloads_is_refused(void **state)
{
    static const uint8_t id[] = {2, 0, 0, 0, 'e', 'a', 's', 't'};
    (void)state;
    for (size_t left_out = 0; left_out < 5; left_out++)
        assert_auth_is_refused(left_out, bytes_of(id, sizeof(id)),
                               left_out == 1 ? AUTHENTICATION_FAILED : INVALID_SYNTAX);
    assert_auth_is_refused(SIZE_MAX, bytes_of(id, sizeof(id)), AUTHENTICATION_FAILED);
}

/* CVE-2025-9242, CVE-2013-6075, CVE-2005-3666: of every type, empty, long, with what printf and shells like.
 */
static void identities_of_every_shape_are_refused(void **state)
{
    static const uint8_t types[] = {0, 1, 2, 3, 5, 9, 10, 11, 12, 13, 201, 255};
    static const size_t sizes[] = {0, 1, 3, 5, 17, 120, 300};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
            static const char text[] = "\x30%n%s';$(reboot)`\n\x1b[2J";
            uint8_t id[512] = {types[i]};
            for (size_t at = 0; at < sizes[j]; at++)
                id[4 + at] = (uint8_t)text[at % (sizeof(text) - 1)];
            uint8_t bytes[1024], first;
            struct sim *sim = gateways();
            sim_drop(sim, "east", MESSAGE_AUTH, PART_REQUEST, 0, 1);
            sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
            sim_run_for(sim, milliseconds(100));
            struct bytes body = bytes_of(id, 4 + sizes[j]),
                         chain = auth_chain(bytes, SIZE_MAX, &body, &first);
            assert_true(sim_inject_protected(sim, "east", "west", IKE_AUTH, false, 1, first, chain));
            sim_run_for(sim, milliseconds(8));
            assert_int_equal(sim_ike_count(sim, "west"), 0);
            assert_int_equal(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, 0);
            assert_string_equal(sim_failure(sim), "");
            sim_free(sim);
        }
}

/* CVE-2011-4073: the answer of a helper comes when its SA has gone. */
static void a_connection_that_goes_while_a_job_runs_leaves_nothing(void **state)
{
    (void)state;
    static const char *const words[] = {
        TUNNEL, TUNNEL " pfs=yes esp=aes_gcm128;dh31",
        HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2 aggressive=yes",
        HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"};
    for (size_t kind = 0; kind < ARRAY_SIZE(words); kind++) {
        for (unsigned step = 0; step < 3000; step += 150) {
            struct sim *sim = gateways_with(words[kind]);
            sim_set_delays(sim, "east", milliseconds(600), milliseconds(300), 0);
            sim_set_delays(sim, "west", milliseconds(600), milliseconds(300), 0);
            sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
            sim_run_for(sim, milliseconds(step));
            sim_start(sim, step % 300 == 0 ? "east" : "west", COMMAND_DELETE, "tunnel");
            sim_run_for(sim, milliseconds(step % 450));
            sim_start(sim, step % 300 == 0 ? "west" : "east", COMMAND_DELETE, "tunnel");
            sim_run_for(sim, minutes(3));
            assert_settles(sim);
            assert_both_have(sim, 0, 0);
            assert_ends_well(sim);
        }
    }
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_ike_auth_nothing_else_is_answered_by_the_responder),
        cmocka_unit_test(before_ike_auth_the_initiator_takes_no_requests),
        cmocka_unit_test(reflected_messages_change_nothing),
        cmocka_unit_test(a_peer_that_asks_for_ever_new_beginnings_is_soon_ignored),
        cmocka_unit_test(only_its_own_cookie_opens_a_busy_responder),
        cmocka_unit_test(a_rekey_of_an_sa_of_any_protocol_is_answered),
        cmocka_unit_test(deletes_of_every_shape_do_no_harm),
        cmocka_unit_test(protection_inside_protection_is_refused),
        cmocka_unit_test(selectors_of_any_shape_are_refused),
        cmocka_unit_test(any_of_the_most_selectors_may_be_the_one_that_fits),
        cmocka_unit_test(ike_auth_without_any_of_its_payloads_is_refused),
        cmocka_unit_test(identities_of_every_shape_are_refused),
        cmocka_unit_test(a_connection_that_goes_while_a_job_runs_leaves_nothing),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
