/* What IKEv1 messages may do that nobody has authenticated, that come again, or that are malformed (RFC 2408
 * 4, 5). */
#include "ikev1_inject.h"
#include "scenario.h"
#include "wire/ikev1_build.h"

#define V1 HOSTS SUBNETS " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"

/* A chain of payloads without a message around it. */
struct chain {
    uint8_t bytes[1024];
    struct message_builder builder;
};

static void chain_start(struct chain *chain)
{
    static const struct ikev2_header header;
    chain->builder = ikev1_build_start(chain->bytes, sizeof(chain->bytes), &header);
}

static struct bytes chain_end(const struct chain *chain)
{
    return bytes_of(chain->bytes + IKE_HEADER_SIZE, chain->builder.writer.size - IKE_HEADER_SIZE);
}

static void chain_delete_ike(struct sim *sim, struct chain *chain)
{
    struct ike_view ike;
    uint8_t cookies[16];
    assert_true(sim_newest_ike(sim, "east", "tunnel", &ike));
    memcpy(cookies, ike.spi_i, 8);
    memcpy(cookies + 8, ike.spi_r, 8);
    ikev1_build_delete(&chain->builder, V1_PROTO_ISAKMP, 16, 1, bytes_of(cookies, sizeof(cookies)));
}

static void chain_delete_child(struct sim *sim, struct chain *chain)
{
    struct child_view child;
    uint8_t spi[4];
    assert_true(sim_newest_child(sim, "east", "tunnel", &child));
    store_be32(spi, child.spi_in);
    ikev1_build_delete(&chain->builder, V1_PROTO_ESP, 4, 1, bytes_of(spi, sizeof(spi)));
}

static void say(struct sim *sim, const struct chain *chain, uint8_t first, bool is_encrypted,
                enum ikev1_hash hash, uint32_t message_id)
{
    assert_true(sim_inject_ikev1(sim, "east", "west",
                                 &(struct ikev1_injection){
                                     .exchange = ISAKMP_INFORMATIONAL,
                                     .message_id = message_id,
                                     .first = first,
                                     .chain = chain_end(chain),
                                     .is_encrypted = is_encrypted,
                                     .hash = hash,
                                 }));
    sim_run_for(sim, seconds(1));
}

static void deletes_without_proof_change_nothing(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    for (int kind = 0; kind < 2; kind++) {
        struct chain chain;
        chain_start(&chain);
        if (kind == 0)
            chain_delete_ike(sim, &chain);
        else
            chain_delete_child(sim, &chain);
        say(sim, &chain, ISAKMP_DELETE, false, IKEV1_NO_HASH, 7);
        say(sim, &chain, ISAKMP_DELETE, true, IKEV1_NO_HASH, 8);
        say(sim, &chain, ISAKMP_DELETE, true, IKEV1_WRONG_HASH, 9);
        assert_both_have(sim, 1, 1);
        assert_ping(sim);
    }
    assert_ends_well(sim);
}

static void say_notification(struct sim *sim, uint16_t type, uint32_t message_id)
{
    struct chain chain;
    chain_start(&chain);
    ikev1_build_notify(&chain.builder, V1_PROTO_ISAKMP, bytes_of(NULL, 0), type, bytes_of(NULL, 0));
    say(sim, &chain, ISAKMP_NOTIFY, true, IKEV1_HASH_1, message_id);
}

static void a_message_id_is_not_taken_again_however_many_came_since(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    say_notification(sim, V1_DOI_NOT_SUPPORTED, 7);
    assert_true(sim_log_has(sim, "west", "ignored notification payload: DOI_NOT_SUPPORTED"));
    for (uint32_t id = 1000; id < 1300; id++)
        say_notification(sim, V1_DOI_NOT_SUPPORTED, id);
    say_notification(sim, V1_INVALID_COOKIE, 7);
    assert_false(sim_log_has(sim, "west", "ignored notification payload: INVALID_COOKIE"));
    say_notification(sim, V1_INVALID_COOKIE, 8);
    assert_true(sim_log_has(sim, "west", "ignored notification payload: INVALID_COOKIE"));
    assert_ends_well(sim);
}

static void an_isakmp_sa_of_too_many_message_ids_is_replaced(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    struct ike_view first, now;
    assert_true(sim_newest_ike(sim, "west", "tunnel", &first));
    for (uint32_t id = 1000; id < 4500; id++) {
        say_notification(sim, V1_DOI_NOT_SUPPORTED, id);
        assert_true(sim_newest_ike(sim, "west", "tunnel", &now));
        if (now.serial != first.serial)
            break;
    }
    assert_int_not_equal(now.serial, first.serial);
    sim_run_for(sim, minutes(2));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void an_isakmp_sa_of_too_many_quick_modes_is_replaced_and_traffic_never_stops(void **state)
{
    (void)state;
    struct sim *sim =
        established_with(V1 " pfs=no ikelifetime=24h ipsec-lifetime=40s rekeymargin=10s rekeyfuzz=0%");
    struct ike_view first, now;
    assert_true(sim_newest_ike(sim, "west", "tunnel", &first));
    for (unsigned minute = 0; minute < 15 * 60; minute++) {
        sim_run_for(sim, minutes(1));
        assert_ping(sim);
    }
    assert_true(sim_newest_ike(sim, "west", "tunnel", &now));
    assert_int_not_equal(now.serial, first.serial);
    assert_false(sim_log_has(sim, "west", "expired"));
    assert_false(sim_log_has(sim, "east", "expired"));
    assert_settles(sim);
    assert_int_equal(sim_ike_count(sim, "west"), 1);
    assert_ends_well(sim);
}

/* Who may not begin a new one lets it end, when no message id is left. */
static void an_isakmp_sa_of_too_many_message_ids_is_not_replaced_with_rekey_no(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1 " rekey=no");
    for (uint32_t id = 1000; id < 1000 + 4200 && sim_ike_count(sim, "west") == 1; id++)
        say_notification(sim, V1_DOI_NOT_SUPPORTED, id);
    assert_false(sim_log_has(sim, "west", "to replace #"));
    assert_true(sim_log_has(sim, "west", "ISAKMP SA expired"));
    assert_counts(sim, "west", 0, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_delete_with_proof_is_obeyed(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    struct chain chain;
    chain_start(&chain);
    chain_delete_child(sim, &chain);
    say(sim, &chain, ISAKMP_DELETE, true, IKEV1_HASH_1, 7);
    assert_counts(sim, "west", 1, 0);
    sim_free(sim);
}

static void ipsec_sas_outlive_the_isakmp_sa_and_find_another(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1 " ikelifetime=2m ipsec-lifetime=20m rekeymargin=1m rekey=no");
    sim_run_for(sim, minutes(3));
    assert_int_equal(sim_ike_count(sim, "east"), 0);
    assert_int_equal(sim_child_count(sim, "east"), 1);
    assert_ping(sim);
    assert_int_equal(sim_up(sim, "west", "tunnel"), 0);
    sim_run_for(sim, seconds(20));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void what_follows_the_delete_of_the_sa_itself_is_not_looked_at(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    struct chain chain;
    chain_start(&chain);
    chain_delete_ike(sim, &chain);
    chain_delete_ike(sim, &chain);
    ikev1_build_notify(&chain.builder, V1_PROTO_ISAKMP, bytes_of(NULL, 0), V1_INITIAL_CONTACT,
                       bytes_of(NULL, 0));
    say(sim, &chain, ISAKMP_DELETE, true, IKEV1_HASH_1, 7);
    assert_counts(sim, "west", 0, 1); /* the IPsec SA lives on */
    sim_free(sim);
}

static void notifications_without_proof_change_nothing(void **state)
{
    (void)state;
    static const uint16_t types[] = {V1_INITIAL_CONTACT, V1_NO_PROPOSAL_CHOSEN, V1_INVALID_SPI,
                                     V1_R_U_THERE,       V1_R_U_THERE_ACK,      V1_PAYLOAD_MALFORMED};
    struct sim *sim = established_with(V1);
    sim_record(sim);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct chain chain;
        uint8_t sequence[4] = {0, 0, 0, 9};
        chain_start(&chain);
        ikev1_build_notify(&chain.builder, V1_PROTO_ISAKMP, bytes_of(NULL, 0), types[i],
                           bytes_of(sequence, sizeof(sequence)));
        say(sim, &chain, ISAKMP_NOTIFY, false, IKEV1_NO_HASH, (uint32_t)i + 20);
        say(sim, &chain, ISAKMP_NOTIFY, true, IKEV1_WRONG_HASH, (uint32_t)i + 40);
    }
    assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), 0);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_refusal_of_phase_1_without_proof_does_not_end_it(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    struct chain chain;
    chain_start(&chain);
    ikev1_build_notify(&chain.builder, V1_PROTO_ISAKMP, bytes_of(NULL, 0), V1_NO_PROPOSAL_CHOSEN,
                       bytes_of(NULL, 0));
    uint64_t client = sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    for (unsigned i = 0; i < 10; i++) {
        sim_inject_ikev1(sim, "west", "east",
                         &(struct ikev1_injection){.exchange = ISAKMP_INFORMATIONAL,
                                                   .message_id = i + 1,
                                                   .first = ISAKMP_NOTIFY,
                                                   .chain = chain_end(&chain)});
        sim_run_for(sim, milliseconds(7));
    }
    assert_settles(sim);
    assert_int_equal(sim_result(sim, "east", client), 0);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void assert_one_small_answer(const char *east_words)
{
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_connection_on(sim, "east", "tunnel", east_words);
    sim_add_connection_on(sim, "west", "tunnel", V1);
    sim_record(sim);
    sim_partition(sim, "west", "east", minutes(10)); /* the source is spoofed: nothing comes back */
    sim_drop(sim, "east", MESSAGE_ANY, PART_EITHER, 1, 1000);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, minutes(2));
    assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), 1);
    size_t count;
    const struct sim_record *records = sim_records(sim, &count);
    assert_true(records[1].size <= records[0].size);
    assert_int_equal(engine_view_totals(sim_engine(sim, "west")).ike_halfopen, 0);
    sim_free(sim);
}

/* Also to who says little of himself. */
static void a_first_message_gets_one_answer_and_no_more(void **state)
{
    (void)state;
    assert_one_small_answer(V1);
    assert_one_small_answer(V1 " nat-ikev1-method=none");
}

static void what_is_half_open_is_bounded(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    sim_settings(sim, "west")->max_halfopen_ike = 0;
    sim_restart(sim, "west", 0);
    sim_run_for(sim, seconds(1));
    sim_record(sim);
    sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
    sim_run_for(sim, seconds(3));
    assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), 0);
    sim_free(sim);
}

static void ikev1_policy_decides_whether_anybody_answers(void **state)
{
    (void)state;
    static const struct {
        enum ikev1_policy policy;
        size_t answers;
    } rows[] = {{IKEV1_DROP, 0}, {IKEV1_REJECT, 1}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sim *sim = gateways_with(V1);
        sim_settings(sim, "west")->ikev1_policy = rows[i].policy;
        sim_restart(sim, "west", 0);
        sim_run_for(sim, seconds(1));
        sim_record(sim);
        sim_start(sim, "east", COMMAND_INITIATE, "tunnel");
        sim_run_for(sim, milliseconds(100));
        assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), rows[i].answers);
        sim_free(sim);
    }
}

/* The whole conversation is said once more, later: nothing comes of it. */
static void a_recorded_conversation_is_of_no_use(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    size_t count;
    const struct sim_record *records = sim_records(sim, &count);
    uint8_t copies[16][2048];
    size_t sizes[16], copied = 0;
    for (size_t i = 0; i < count && copied < 16; i++)
        if (strcmp(records[i].from, "east") == 0 && records[i].size <= sizeof(copies[0])) {
            memcpy(copies[copied], records[i].bytes, records[i].size);
            sizes[copied++] = records[i].size;
        }
    sim_run_for(sim, minutes(2));
    for (size_t i = 0; i < copied; i++) {
        sim_inject(sim, "east", "west", 500, bytes_of(copies[i], sizes[i]));
        sim_run_for(sim, milliseconds(200));
    }
    sim_run_for(sim, minutes(1));
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* Every length that a payload's header may claim, and a fragment's; in the clear and proved. */
static void lengths_that_are_wrong_are_refused(void **state)
{
    (void)state;
    static const uint8_t types[] = {
        ISAKMP_SA,    ISAKMP_KE,       ISAKMP_ID, ISAKMP_HASH, ISAKMP_NONCE, ISAKMP_NOTIFY, ISAKMP_DELETE,
        ISAKMP_NAT_D, ISAKMP_FRAGMENT, 33,        46};
    struct sim *sim = established_with(V1);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        for (uint8_t length = 0; length < 20; length++) {
            const uint8_t payload[] = {0, 0, 0, length, 0, 1, 1, 1};
            struct ikev1_injection injection = {
                .exchange = i % 2 ? ISAKMP_INFORMATIONAL : ISAKMP_QUICK,
                .message_id = 1000u + length * 16u + (uint32_t)i,
                .first = types[i],
                .chain = bytes_of(payload, sizeof(payload)),
            };
            sim_inject_ikev1(sim, "east", "west", &injection);
            injection.is_encrypted = true;
            injection.hash = IKEV1_HASH_1;
            sim_inject_ikev1(sim, "east", "west", &injection);
            injection.exchange = ISAKMP_MAIN;
            injection.is_encrypted = false;
            injection.is_first = true;
            sim_inject_ikev1(sim, "east", "west", &injection);
        }
    sim_run_for(sim, minutes(2));
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void fragments_are_put_together(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    struct chain chain;
    chain_start(&chain);
    chain_delete_child(sim, &chain);
    struct ikev1_injection injection = {
        .exchange = ISAKMP_INFORMATIONAL,
        .message_id = 7,
        .first = ISAKMP_DELETE,
        .chain = chain_end(&chain),
        .is_encrypted = true,
        .hash = IKEV1_WRONG_HASH,
        .piece_size = 20,
    };
    assert_true(sim_inject_ikev1(sim, "east", "west", &injection));
    sim_run_for(sim, seconds(1));
    assert_counts(sim, "west", 1, 1);
    injection.hash = IKEV1_HASH_1;
    assert_true(sim_inject_ikev1(sim, "east", "west", &injection));
    sim_run_for(sim, seconds(1));
    assert_counts(sim, "west", 1, 0);
    sim_free(sim);
}

/* With the number that the peer's pieces will have. */
static void inject_strange_piece(struct sim *sim)
{
    static const uint8_t piece[12] = {0, 0, 0, 12, 0, 9, 1, 0, 'x', 'x', 'x', 'x'};
    uint8_t datagram[IKE_HEADER_SIZE + sizeof(piece)] = {0};
    struct ike_view ike;
    assert_true(sim_newest_ike(sim, "east", "tunnel", &ike));
    memcpy(datagram, ike.spi_i, IKE_SPI_SIZE);
    memcpy(datagram + IKE_SPI_SIZE, ike.spi_r, IKE_SPI_SIZE);
    datagram[16] = ISAKMP_FRAGMENT;
    datagram[17] = ISAKMP_VERSION;
    datagram[18] = ISAKMP_INFORMATIONAL;
    datagram[23] = 7;
    datagram[27] = sizeof(datagram);
    memcpy(datagram + IKE_HEADER_SIZE, piece, sizeof(piece));
    sim_inject(sim, "mallory", "west", 500, bytes_of(datagram, sizeof(datagram)));
    sim_run_for(sim, seconds(1));
}

static void fragments_of_a_stranger_do_not_spoil_those_of_the_peer(void **state)
{
    (void)state;
    struct sim *sim = gateways_with(V1);
    struct chain chain;
    sim_add_host(sim, "mallory", "192.0.2.66");
    assert_up(sim, "east");
    assert_settles(sim);
    chain_start(&chain);
    chain_delete_child(sim, &chain);
    inject_strange_piece(sim);
    assert_true(sim_inject_ikev1(sim, "east", "west",
                                 &(struct ikev1_injection){
                                     .exchange = ISAKMP_INFORMATIONAL,
                                     .message_id = 7,
                                     .first = ISAKMP_DELETE,
                                     .chain = chain_end(&chain),
                                     .is_encrypted = true,
                                     .hash = IKEV1_HASH_1,
                                     .piece_size = 20,
                                 }));
    sim_run_for(sim, seconds(1));
    assert_counts(sim, "west", 1, 0);
    sim_free(sim);
}

/* A Quick Mode that offers so many ciphers with each of four MACs. */
static void no_datagram_is_longer_than(size_t limit, size_t cipher_count, const char *more)
{
    static const char *const ciphers[] = {"aes128",      "aes192",      "aes256",
                                          "camellia128", "camellia192", "camellia256",
                                          "aes_ctr128",  "aes_ctr256",  "3des"};
    static const char *const macs[] = {"sha1", "sha2_256", "sha2_384", "sha2_512"};
    char words[2048];
    struct text text = text_of(words, sizeof(words));
    text_add(&text, "%s%s keyexchange=ikev1 ike=aes128-sha2;dh31 %s esp=", HOSTS, SUBNETS, more);
    for (size_t i = 0; i < cipher_count * ARRAY_SIZE(macs); i++)
        text_add(&text, "%s%s-%s", i ? "," : "", ciphers[i / 4], macs[i % 4]);
    struct sim *sim = gateways_with(words);
    sim_record(sim);
    assert_up(sim, "east");
    assert_settles(sim);
    size_t count;
    const struct sim_record *records = sim_records(sim, &count);
    assert_true(count > 9);
    for (size_t i = 0; i < count; i++)
        assert_true(records[i].size <= limit);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

static void a_long_message_leaves_in_fragments(void **state)
{
    (void)state;
    no_datagram_is_longer_than(1280 - 28, 9, "");
}

/* It would fit into one datagram of 1280 bytes. */
static void fragmentation_force_makes_small_datagrams(void **state)
{
    (void)state;
    no_datagram_is_longer_than(576 - 32, 5, "fragmentation=force");
}

static void a_dead_peer_is_found_and_the_tunnel_comes_back(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1 " dpddelay=10s dpdtimeout=30s");
    sim_restart(sim, "west", seconds(1));
    sim_run_for(sim, minutes(3));
    assert_true(sim_log_has(sim, "east", "peer is declared dead"));
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ping(sim);
    assert_ends_well(sim);
}

/* What is up, trapped or gone at east, when its peer has been away for ten minutes, and after it is back. */
static void assert_dpd_action(const char *words, enum routing_state alone, bool comes_back)
{
    char connection[512];
    snprintf(connection, sizeof(connection), "%s dpddelay=10s dpdtimeout=30s %s", V1, words);
    struct sim *sim = established_with(connection);
    print_message("%s\n", words);
    sim_partition(sim, "west", NULL, minutes(10));
    sim_run_for(sim, minutes(9));
    assert_true(sim_log_has(sim, "east", "peer is declared dead"));
    assert_false(sim_is_up(sim, "east", "tunnel"));
    assert_int_equal(sim_routing(sim, "east", "tunnel"), alone);
    sim_run_for(sim, minutes(15));
    assert_int_equal(sim_is_up(sim, "east", "tunnel"), comes_back);
    if (alone == ROUTING_ONDEMAND && !comes_back) {
        sim_send_packet(sim, "east", "10.1.0.1", "10.2.0.1", NULL);
        sim_run_for(sim, seconds(5));
        assert_true(sim_is_up(sim, "east", "tunnel"));
    }
    sim_free(sim);
}

static void what_follows_a_peers_death_is_what_dpdaction_says(void **state)
{
    (void)state;
    assert_dpd_action("dpdaction=hold", ROUTING_ONDEMAND, false);
    assert_dpd_action("dpdaction=clear", ROUTING_UNROUTED, false);
    assert_dpd_action("dpdaction=restart", ROUTING_NEGOTIATING, true);
}

/* A road warrior's connection goes with its SAs, whatever dpdaction= says: nobody is looked for where it was.
 */
static void a_dead_road_warrior_leaves_nothing_behind(void **state)
{
    (void)state;
    static const char *const actions[] = {"hold", "clear", "restart"};
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        char words[512];
        struct sim *sim = two_hosts();
        snprintf(words, sizeof(words), "%s dpddelay=10s dpdtimeout=30s dpdaction=%s",
                 "left=%any right=192.0.2.2 leftid=@east rightid=@west authby=secret" SUBNETS
                 " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2",
                 actions[i]);
        sim_add_connection_on(sim, "west", "tunnel", words);
        sim_add_connection_on(sim, "east", "tunnel", V1);
        assert_established(sim);
        sim_partition(sim, "east", NULL, minutes(10));
        sim_run_for(sim, minutes(5));
        assert_true(sim_log_has(sim, "west", "peer is declared dead"));
        assert_counts(sim, "west", 0, 0);
        assert_false(sim_log_has(sim, "west", "supposed to remain up"));
        sim_free(sim);
    }
}

static void a_peer_that_answers_is_not_dead(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1 " dpddelay=10s dpdtimeout=30s");
    sim_run_for(sim, minutes(20));
    assert_false(sim_log_has(sim, "east", "declared dead"));
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

/* east asks west, in a message of its own making. */
static void ask(struct sim *sim, uint8_t type, uint32_t message_id, enum ikev1_hash hash, struct bytes list)
{
    struct chain chain;
    chain_start(&chain);
    ikev1_build_attributes(&chain.builder, type, 7, list, 0);
    assert_true(sim_inject_ikev1(sim, "east", "west",
                                 &(struct ikev1_injection){
                                     .exchange = ISAKMP_TRANSACTION,
                                     .message_id = message_id,
                                     .first = ISAKMP_ATTRIBUTES,
                                     .chain = chain_end(&chain),
                                     .is_encrypted = true,
                                     .hash = hash,
                                 }));
    sim_run_for(sim, seconds(1));
}

static void a_transaction_is_answered_once_if_it_is_authentic(void **state)
{
    (void)state;
    static const uint8_t unknown[] = {0x70, 0x01, 0, 0}, cut_off[] = {0x70, 0x01, 0, 9, 1};
    struct sim *sim = established_with(V1);
    sim_record(sim);
    ask(sim, ISAKMP_CFG_REQUEST, 5, IKEV1_WRONG_HASH, bytes_of(unknown, sizeof(unknown)));
    ask(sim, ISAKMP_CFG_REQUEST, 5, IKEV1_HASH_1, bytes_of(cut_off, sizeof(cut_off)));
    ask(sim, ISAKMP_CFG_REPLY, 5, IKEV1_HASH_1, bytes_of(unknown, sizeof(unknown)));
    ask(sim, ISAKMP_CFG_ACK, 5, IKEV1_HASH_1, bytes_of(NULL, 0));
    ask(sim, 9, 5, IKEV1_HASH_1, bytes_of(NULL, 0));
    assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), 0);
    ask(sim, ISAKMP_CFG_REQUEST, 5, IKEV1_HASH_1, bytes_of(unknown, sizeof(unknown)));
    assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), 1);
    ask(sim, ISAKMP_CFG_SET, 6, IKEV1_HASH_1, bytes_of(unknown, sizeof(unknown)));
    assert_int_equal(sim_count(sim, "west", MESSAGE_ANY, PART_EITHER), 2);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void a_transaction_that_comes_again_gets_the_same_answer(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    size_t count;
    sim_record(sim);
    ask(sim, ISAKMP_CFG_REQUEST, 5, IKEV1_HASH_1, bytes_of(NULL, 0));
    ask(sim, ISAKMP_CFG_REQUEST, 5, IKEV1_HASH_1, bytes_of(NULL, 0));
    const struct sim_record *records = sim_records(sim, &count), *answers[4];
    size_t answer_count = 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(records[i].from, "west") == 0 && answer_count < ARRAY_SIZE(answers))
            answers[answer_count++] = &records[i];
    assert_int_equal(answer_count, 2);
    assert_int_equal(answers[0]->size, answers[1]->size);
    assert_memory_equal(answers[0]->bytes, answers[1]->bytes, answers[0]->size);
    assert_ends_well(sim);
}

static void transactions_that_never_end_are_bounded(void **state)
{
    (void)state;
    struct sim *sim = established_with(V1);
    struct ike_view before, after;
    for (uint32_t i = 1; i <= 10; i++)
        ask(sim, ISAKMP_CFG_REQUEST, i, IKEV1_HASH_1, bytes_of(NULL, 0));
    assert_true(sim_newest_ike(sim, "west", "tunnel", &before));
    for (uint32_t i = 11; i <= 60; i++)
        ask(sim, ISAKMP_CFG_REQUEST, i, IKEV1_HASH_1, bytes_of(NULL, 0));
    assert_true(sim_newest_ike(sim, "west", "tunnel", &after));
    /* but for the message ids, which are not to come again */
    assert_true(after.memory_bytes <= before.memory_bytes + 64 * sizeof(uint32_t));
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest scenarios[] = {
        cmocka_unit_test(deletes_without_proof_change_nothing),
        cmocka_unit_test(a_message_id_is_not_taken_again_however_many_came_since),
        cmocka_unit_test(an_isakmp_sa_of_too_many_message_ids_is_replaced),
        cmocka_unit_test(an_isakmp_sa_of_too_many_quick_modes_is_replaced_and_traffic_never_stops),
        cmocka_unit_test(an_isakmp_sa_of_too_many_message_ids_is_not_replaced_with_rekey_no),
        cmocka_unit_test(a_delete_with_proof_is_obeyed),
        cmocka_unit_test(ipsec_sas_outlive_the_isakmp_sa_and_find_another),
        cmocka_unit_test(what_follows_the_delete_of_the_sa_itself_is_not_looked_at),
        cmocka_unit_test(notifications_without_proof_change_nothing),
        cmocka_unit_test(a_refusal_of_phase_1_without_proof_does_not_end_it),
        cmocka_unit_test(a_first_message_gets_one_answer_and_no_more),
        cmocka_unit_test(what_is_half_open_is_bounded),
        cmocka_unit_test(ikev1_policy_decides_whether_anybody_answers),
        cmocka_unit_test(a_recorded_conversation_is_of_no_use),
        cmocka_unit_test(lengths_that_are_wrong_are_refused),
        cmocka_unit_test(fragments_are_put_together),
        cmocka_unit_test(fragments_of_a_stranger_do_not_spoil_those_of_the_peer),
        cmocka_unit_test(a_long_message_leaves_in_fragments),
        cmocka_unit_test(fragmentation_force_makes_small_datagrams),
        cmocka_unit_test(a_dead_peer_is_found_and_the_tunnel_comes_back),
        cmocka_unit_test(what_follows_a_peers_death_is_what_dpdaction_says),
        cmocka_unit_test(a_dead_road_warrior_leaves_nothing_behind),
        cmocka_unit_test(a_peer_that_answers_is_not_dead),
        cmocka_unit_test(a_transaction_is_answered_once_if_it_is_authentic),
        cmocka_unit_test(a_transaction_that_comes_again_gets_the_same_answer),
        cmocka_unit_test(transactions_that_never_end_are_bounded),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(scenarios, NULL, NULL);
}
