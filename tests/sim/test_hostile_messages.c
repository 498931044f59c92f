/*
 * First messages, of both versions, that have brought down other IKE daemons: every length and version in
 * the header; payloads left out, doubled, of any other type, with any byte of them changed; more of them than
 * anybody needs; values that no key exchange has. The responder answers each at most once and no longer than
 * a refusal is, keeps nothing, and its tunnel goes on.
 */
#include "scenario.h"

#define V1                                                                                                   \
    HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2 pfs=no aggressive=" /* yes, no */

enum { PARTS_MAX = 4000, MESSAGE_MAX = 32768 };

struct part {
    uint8_t type;
    const uint8_t *body;
    size_t size;
};

struct message {
    uint8_t header[IKE_HEADER_SIZE];
    struct part parts[PARTS_MAX];
    size_t count;
};

/* An established tunnel, and the message that its initiator began with. */
struct fixture {
    struct sim *sim;
    struct message message;
    uint32_t injected;
};

static struct message take_apart(struct bytes datagram)
{
    struct message message = {.count = 0};
    memcpy(message.header, datagram.data, IKE_HEADER_SIZE);
    uint8_t type = message.header[HEADER_NEXT_PAYLOAD_AT];
    for (size_t at = IKE_HEADER_SIZE; type != 0 && at + PAYLOAD_HEADER_SIZE <= datagram.size;) {
        size_t size = load_be16(datagram.data + at + 2);
        message.parts[message.count++] =
            (struct part){type, datagram.data + at + PAYLOAD_HEADER_SIZE, size - PAYLOAD_HEADER_SIZE};
        type = datagram.data[at];
        at += size;
    }
    return message;
}

static size_t put_together(const struct message *message, uint8_t out[static MESSAGE_MAX])
{
    size_t size = IKE_HEADER_SIZE;
    memcpy(out, message->header, IKE_HEADER_SIZE);
    out[HEADER_NEXT_PAYLOAD_AT] = message->count > 0 ? message->parts[0].type : 0;
    for (size_t i = 0;
         i < message->count && size + PAYLOAD_HEADER_SIZE + message->parts[i].size <= MESSAGE_MAX; i++) {
        const struct part *part = &message->parts[i];
        out[size] = i + 1 < message->count ? message->parts[i + 1].type : 0;
        out[size + 1] = 0;
        store_be16(out + size + 2, (uint16_t)(PAYLOAD_HEADER_SIZE + part->size));
        memcpy(out + size + PAYLOAD_HEADER_SIZE, part->body, part->size);
        size += PAYLOAD_HEADER_SIZE + part->size;
    }
    store_be32(out + HEADER_LENGTH_AT, (uint32_t)size);
    return size;
}

static struct fixture *begin(const char *words)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    size_t count;
    assert_non_null(fixture);
    fixture->sim = gateways_with(words);
    sim_record(fixture->sim);
    assert_established(fixture->sim);
    const struct sim_record *first = sim_records(fixture->sim, &count);
    static uint8_t kept[MESSAGE_MAX]; /* the parts point into it */
    memcpy(kept, first->bytes, first->size);
    fixture->message = take_apart(bytes_of(kept, first->size));
    assert_true(fixture->message.count >= 3);
    return fixture;
}

static size_t sent_by_west(const struct fixture *fixture)
{
    size_t count, sent = 0;
    const struct sim_record *records = sim_records(fixture->sim, &count);
    for (size_t i = 0; i < count; i++)
        sent += strcmp(records[i].from, "west") == 0;
    return sent;
}

/* Says these bytes, with an initiator's SPI that nobody has used; how many answers come. */
static size_t say_bytes(struct fixture *fixture, uint8_t *bytes, size_t size)
{
    size_t before = sent_by_west(fixture);
    if (size >= 8)
        store_be32(bytes, ++fixture->injected);
    sim_inject(fixture->sim, "east", "west", 500, bytes_of(bytes, size));
    sim_run_for(fixture->sim, milliseconds(20));
    size_t answers = sent_by_west(fixture) - before;
    assert_true(answers <= 1);
    return answers;
}

static size_t say(struct fixture *fixture, const struct message *message)
{
    uint8_t bytes[MESSAGE_MAX];
    return say_bytes(fixture, bytes, put_together(message, bytes));
}

static size_t half_open(const struct fixture *fixture)
{
    return engine_view_totals(sim_engine(fixture->sim, "west")).ike_halfopen;
}

static void end(struct fixture *fixture)
{
    sim_run_for(fixture->sim, minutes(1));
    assert_int_equal(half_open(fixture), 0);
    assert_settles(fixture->sim);
    assert_both_have(fixture->sim, 1, 1);
    assert_ping(fixture->sim);
    assert_ends_well(fixture->sim);
    free(fixture);
}

/* ---- headers ---- */

static void of_every_length_and_version(const char *words)
{
    struct fixture *fixture = begin(words);
    uint8_t whole[MESSAGE_MAX], copy[MESSAGE_MAX];
    static const uint32_t lengths[] = {0, 1, 27, 28, 29, 0x7fffffff, 0x80000000, 0xffffffff};
    size_t size = put_together(&fixture->message, whole);
    for (size_t cut = 0; cut < size; cut++) {
        memcpy(copy, whole, size);
        assert_int_equal(say_bytes(fixture, copy, cut), 0);
        if (cut >= IKE_HEADER_SIZE)
            store_be32(copy + HEADER_LENGTH_AT, (uint32_t)cut); /* the header agrees, a payload is cut off */
        say_bytes(fixture, copy, cut);
    }
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        memcpy(copy, whole, size);
        store_be32(copy + HEADER_LENGTH_AT, lengths[i]);
        assert_int_equal(say_bytes(fixture, copy, size), 0);
    }
    assert_int_equal(half_open(fixture), 0);
    for (unsigned version = 0; version < 256; version += 1 + version % 16) {
        memcpy(copy, whole, size);
        copy[HEADER_VERSION_AT] = (uint8_t)version;
        say_bytes(fixture, copy, size);
    }
    for (unsigned value = 0; value < 256; value++) {
        memcpy(copy, whole, size);
        copy[value % 2 == 0 ? HEADER_EXCHANGE_AT : HEADER_FLAGS_AT] = (uint8_t)value;
        say_bytes(fixture, copy, size);
    }
    end(fixture);
}

static void headers_of_every_length_and_version_do_no_harm(void **state)
{
    (void)state;
    of_every_length_and_version(TUNNEL);
    of_every_length_and_version(V1 "no");
    of_every_length_and_version(V1 "yes");
}

/* Our own SPI of zero names nobody (FreeS/WAN's packets that were fed back). */
static void an_initiator_without_spi_is_not_answered(void **state)
{
    static const char *const words[] = {TUNNEL, V1 "no", V1 "yes"};
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        struct fixture *fixture = begin(words[i]);
        uint8_t bytes[MESSAGE_MAX];
        size_t size = put_together(&fixture->message, bytes), before = sent_by_west(fixture);
        memset(bytes, 0, IKE_SPI_SIZE);
        sim_inject(fixture->sim, "east", "west", 500, bytes_of(bytes, size));
        sim_run_for(fixture->sim, milliseconds(20));
        assert_int_equal(sent_by_west(fixture), before);
        assert_int_equal(half_open(fixture), 0);
        end(fixture);
    }
}

/* ---- payloads ---- */

static struct message without(const struct message *message, size_t left_out)
{
    struct message copy = *message;
    memmove(&copy.parts[left_out], &copy.parts[left_out + 1],
            (copy.count - left_out - 1) * sizeof(copy.parts[0]));
    copy.count--;
    return copy;
}

/* CVE-2013-6466, -6467, CVE-2014-2037; payloads of the other version: CVE-2015-3991; SAK: CVE-2015-3204. */
static void of_every_payload(const char *words)
{
    struct fixture *fixture = begin(words);
    const struct message *message = &fixture->message;
    for (size_t i = 0; i < message->count; i++) {
        struct message copy = without(message, i);
        say(fixture, &copy);
        copy = *message;
        copy.parts[copy.count++] = message->parts[i];
        say(fixture, &copy);
        copy = *message;
        copy.parts[i].size = 0;
        say(fixture, &copy);
        for (unsigned type = 1; type < 256; type++) {
            copy = *message;
            copy.parts[i].type = (uint8_t)type;
            say(fixture, &copy);
        }
    }
    end(fixture);
}

static void payloads_left_out_doubled_and_of_every_type_do_no_harm(void **state)
{
    (void)state;
    of_every_payload(TUNNEL);
    of_every_payload(V1 "no");
    of_every_payload(V1 "yes");
}

/* CVE-2026-12413, CVE-2002-1103. */
static void of_too_many(const char *words, uint8_t type)
{
    struct fixture *fixture = begin(words);
    static const uint8_t body[16] = {1};
    struct message *message = &fixture->message;
    size_t before = half_open(fixture);
    while (message->count < 1000)
        message->parts[message->count++] = (struct part){type, body, message->count % sizeof(body)};
    say(fixture, message);
    assert_int_equal(half_open(fixture), before);
    end(fixture);
}

static void more_payloads_than_anybody_needs_are_refused(void **state)
{
    enum { VENDOR_ID_V1 = 13, VENDOR_ID = 43, NOTIFY = 41, UNKNOWN = 200 };
    (void)state;
    of_too_many(TUNNEL, UNKNOWN);
    of_too_many(TUNNEL, VENDOR_ID);
    of_too_many(TUNNEL, NOTIFY);
    of_too_many(V1 "no", VENDOR_ID_V1);
    of_too_many(V1 "yes", VENDOR_ID_V1);
    of_too_many(V1 "no", UNKNOWN);
}

/* Of the SA payload: situations that nobody has assigned (CVE-2015-3204), SPIs of 255 bytes (CVE-2002-0852),
 * key lengths of 0 and 65 535 (CVE-2011-3380), counts that are wrong. */
static void of_every_byte(const char *words)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    struct fixture *fixture = begin(words);
    uint8_t whole[MESSAGE_MAX], copy[MESSAGE_MAX];
    size_t size = put_together(&fixture->message, whole);
    size_t end_of_sa = IKE_HEADER_SIZE + PAYLOAD_HEADER_SIZE + fixture->message.parts[0].size;
    for (size_t at = IKE_HEADER_SIZE; at < size; at += at < end_of_sa ? 1 : 3)
        for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
            memcpy(copy, whole, size);
            copy[at] = values[i];
            say_bytes(fixture, copy, size);
        }
    end(fixture);
}

static void any_byte_may_be_anything(void **state)
{
    (void)state;
    of_every_byte(TUNNEL);
    of_every_byte(V1 "no");
    of_every_byte(V1 "yes");
}

/* ---- key exchange ---- */

/* CVE-2014-9221 (groups), CVE-2023-41913 (sizes), CVE-2008-4551 (all zeros). */
static void groups_and_values_of_key_exchange_that_are_none_are_refused(void **state)
{
    enum { GROUP_HEAD = 4, PUBLIC_SIZE = 32, PAYLOAD_KEY_EXCHANGE = 34 };
    static const uint16_t groups[] = {0, 1, 30, 1025, 32768, 65535};
    static const size_t sizes[] = {0, 1, PUBLIC_SIZE - 1, PUBLIC_SIZE + 1, 256, 20000};
    static uint8_t body[20000 + GROUP_HEAD];
    struct fixture *fixture = begin(TUNNEL);
    struct part *ke = fixture->message.parts;
    (void)state;
    while (ke->type != PAYLOAD_KEY_EXCHANGE)
        ke++;
    for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
        memcpy(body, ke->body, ke->size);
        store_be16(body, groups[i]);
        struct message copy = fixture->message;
        copy.parts[ke - fixture->message.parts].body = body;
        assert_int_equal(say(fixture, &copy), 1);
        assert_int_equal(sim_count_errors(fixture->sim, "west", INVALID_KE_PAYLOAD), i + 1);
    }
    memset(body + 2, 0x5a, sizeof(body) - 2);
    memcpy(body, ke->body, 2);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct message copy = fixture->message;
        copy.parts[ke - fixture->message.parts] = (struct part){ke->type, body, GROUP_HEAD + sizes[i]};
        assert_int_equal(say(fixture, &copy), 1);
        assert_int_equal(sim_count_errors(fixture->sim, "west", INVALID_SYNTAX), i + 1);
    }
    assert_int_equal(half_open(fixture), 0);
    memset(body + GROUP_HEAD, 0, PUBLIC_SIZE);
    struct message zeros = fixture->message;
    zeros.parts[ke - fixture->message.parts] = (struct part){ke->type, body, GROUP_HEAD + PUBLIC_SIZE};
    say(fixture, &zeros);
    assert_int_equal(half_open(fixture), 0);
    end(fixture);
}

/* ---- messages of SAs that nobody has ---- */

/* CVE-2009-0790, CVE-2020-1763, CVE-2022-23094: the answer, and the line of the log, need a state that is not
 * there. */
static void messages_for_no_sa_are_dropped(void **state)
{
    struct fixture *fixture = begin(V1 "no");
    uint8_t whole[MESSAGE_MAX], copy[MESSAGE_MAX];
    size_t size = put_together(&fixture->message, whole);
    (void)state;
    for (unsigned exchange = 3; exchange < 64; exchange++)
        for (unsigned flags = 0; flags < 8; flags++)
            for (unsigned has_id = 0; has_id < 2; has_id++) {
                memcpy(copy, whole, size);
                memset(copy + IKE_SPI_SIZE, 0x77, IKE_SPI_SIZE);
                copy[HEADER_EXCHANGE_AT] = (uint8_t)exchange;
                copy[HEADER_FLAGS_AT] = (uint8_t)flags;
                store_be32(copy + HEADER_MESSAGE_ID_AT, has_id);
                assert_int_equal(say_bytes(fixture, copy, size), 0);
            }
    assert_int_equal(half_open(fixture), 0);
    end(fixture);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_of_every_length_and_version_do_no_harm),
        cmocka_unit_test(an_initiator_without_spi_is_not_answered),
        cmocka_unit_test(payloads_left_out_doubled_and_of_every_type_do_no_harm),
        cmocka_unit_test(more_payloads_than_anybody_needs_are_refused),
        cmocka_unit_test(any_byte_may_be_anything),
        cmocka_unit_test(groups_and_values_of_key_exchange_that_are_none_are_refused),
        cmocka_unit_test(messages_for_no_sa_are_dropped),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
