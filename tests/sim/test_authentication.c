/* How both ends prove themselves: every method, each end its own, and every way in which it fails (RFC
 * 7296 2.15, RFC 7427, RFC 7619, RFC 2409 5.1). */
#include "scenario.h"
#include "test_keys.h"

#define ENDS "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west" SUBNETS CIPHERS
#define IKEV1                                                                                                \
    "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west keyexchange=ikev1" SUBNETS                    \
    " ike=aes128-sha2;dh31 esp=aes128-sha2"
#define RSA_KEYS " leftrsasigkey=0s" EAST_RSA " rightrsasigkey=0s" WEST_RSA
#define ECDSA_KEYS " leftecdsakey=0s" EAST_P256 " rightecdsakey=0s" WEST_P256
#define EDDSA_KEYS " lefteddsakey=0s" EAST_ED25519 " righteddsakey=0s" WEST_ED25519

/* With a private key each; NULL: none. */
static struct sim *keyed_hosts(const char *east, const char *west)
{
    struct sim *sim = two_hosts();
    if (east != NULL)
        sim_add_private_key(sim, "east", east);
    if (west != NULL)
        sim_add_private_key(sim, "west", west);
    return sim;
}

static struct sim *differing(const char *east, const char *west, const char *east_words,
                             const char *west_words)
{
    struct sim *sim = keyed_hosts(east, west);
    sim_add_connection_on(sim, "east", "tunnel", east_words);
    sim_add_connection_on(sim, "west", "tunnel", west_words);
    return sim;
}

static struct sim *keyed(const char *east, const char *west, const char *words)
{
    return differing(east, west, words, words);
}

static void assert_works(struct sim *sim, const char *line)
{
    assert_established(sim);
    assert_ping(sim);
    if (!sim_log_has(sim, "east", line) || !sim_log_has(sim, "west", line))
        fail_msg("nobody said: %s", line);
    assert_ends_well(sim);
}

/* The one who begins is told by `asker`; the side that knows why says so. */
static void assert_fails(struct sim *sim, const char *teller, const char *line)
{
    assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
    if (!sim_log_has(sim, teller, line))
        fail_msg("%s did not say: %s", teller, line);
    assert_ends_well(sim);
}

/* IDr says whom we want, and nobody is called "CN=*". */
static void a_pattern_for_the_peers_name_is_not_asked_for(void **state)
{
    (void)state;
    static const char *const hosts = "left=192.0.2.1 right=192.0.2.2 authby=secret leftid=CN=east rightid=";
    char east[512], west[512];
    snprintf(east, sizeof(east), "%sCN=*%s", hosts, SUBNETS CIPHERS);
    snprintf(west, sizeof(west), "%sCN=west%s", hosts, SUBNETS CIPHERS);
    assert_works(differing(NULL, NULL, east, west), "established Child SA");
}

static void rsa_keys_are_the_default(void **state)
{
    (void)state;
    assert_works(keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, ENDS RSA_KEYS),
                 "and 2048-bit RSASSA-PSS with SHA2_512 digital signature");
}

static void either_side_of_rsa_can_begin(void **state)
{
    (void)state;
    struct sim *sim = keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, ENDS RSA_KEYS);
    assert_up(sim, "west");
    assert_settles(sim);
    assert_both_have(sim, 1, 1);
    assert_ends_well(sim);
}

static void a_hash_can_be_asked_for(void **state)
{
    (void)state;
    assert_works(keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, ENDS RSA_KEYS " authby=rsa-sha2_256"),
                 "RSASSA-PSS with SHA2_256 digital signature");
}

static void rsa_with_sha1_is_method_1(void **state)
{
    (void)state;
    assert_works(keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, ENDS RSA_KEYS " authby=rsa-sha1"),
                 "and 2048-bit RSA with SHA1 signature");
}

static void ecdsa_signs_with_the_hash_of_its_curve(void **state)
{
    (void)state;
    assert_works(keyed(EAST_P256_PRIVATE, WEST_P256_PRIVATE, ENDS ECDSA_KEYS " authby=ecdsa"),
                 "ECDSA with SHA2_256 digital signature");
}

static void the_default_takes_ecdsa_keys_too(void **state)
{
    (void)state;
    assert_works(keyed(EAST_P256_PRIVATE, WEST_P256_PRIVATE, ENDS ECDSA_KEYS),
                 "ECDSA with SHA2_256 digital signature");
}

static void eddsa_works(void **state)
{
    (void)state;
    assert_works(keyed(EAST_ED25519_PRIVATE, WEST_ED25519_PRIVATE, ENDS EDDSA_KEYS " authby=eddsa"),
                 "Ed25519 digital signature");
}

static void nobody_proves_anything_with_null(void **state)
{
    (void)state;
    assert_works(keyed(NULL, NULL, "left=192.0.2.1 right=192.0.2.2 authby=null" SUBNETS CIPHERS),
                 "authby=null and ID_NULL 'ID_NULL'");
}

static void each_end_has_its_own_method(void **state)
{
    (void)state;
    struct sim *sim =
        keyed(EAST_RSA_PRIVATE, NULL, ENDS " leftrsasigkey=0s" EAST_RSA " leftauth=rsasig rightauth=secret");
    assert_established(sim);
    assert_true(sim_log_has(sim, "east", "authenticated peer using authby=secret"));
    assert_true(sim_log_has(sim, "west", "RSASSA-PSS with SHA2_512 digital signature"));
    assert_ends_well(sim);
}

static void curves_may_differ(void **state)
{
    (void)state;
    struct sim *sim = keyed(EAST_P256_PRIVATE, WEST_P384_PRIVATE,
                            ENDS " leftpubkey=" EAST_P256 " rightpubkey=" WEST_P384 " authby=ecdsa");
    assert_up(sim, "east");
    assert_settles(sim);
    assert_true(sim_log_has(sim, "east", "ECDSA with SHA2_384"));
    assert_true(sim_log_has(sim, "west", "ECDSA with SHA2_256"));
    assert_ends_well(sim);
}

static void a_responder_with_both_takes_what_the_peer_has(void **state)
{
    (void)state;
    struct sim *sim = differing(NULL, WEST_RSA_PRIVATE,
                                ENDS " rightrsasigkey=0s" WEST_RSA " leftauth=secret rightauth=rsasig",
                                ENDS RSA_KEYS " authby=secret|rsasig");
    assert_established(sim);
    assert_ends_well(sim);
}

static void of_two_connections_that_which_allows_the_method_is_taken(void **state)
{
    (void)state;
    struct sim *sim = differing(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, ENDS RSA_KEYS, ENDS RSA_KEYS);
    sim_add_connection_on(sim, "west", "by-secret", ENDS " authby=secret");
    assert_works(sim, "RSASSA-PSS");
}

static void an_rsa_tunnel_survives_loss_of_its_messages(void **state)
{
    (void)state;
    struct sim *sim = keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, ENDS RSA_KEYS);
    sim_drop(sim, "east", MESSAGE_AUTH, PART_REQUEST, 0, 1);
    sim_drop(sim, "west", MESSAGE_AUTH, PART_RESPONSE, 0, 2);
    assert_works(sim, "RSASSA-PSS with SHA2_512");
}

/* ---- failures ---- */

static void a_peer_with_another_key_is_refused(void **state)
{
    (void)state;
    struct sim *sim =
        differing(STRAY_RSA_PRIVATE, WEST_RSA_PRIVATE,
                  ENDS " leftrsasigkey=0s" STRAY_RSA " rightrsasigkey=0s" WEST_RSA, ENDS RSA_KEYS);
    assert_fails(sim, "west", "the RSASSA-PSS with SHA2_512 signature is not of the key AwEAA");
}

static void a_responder_with_another_key_is_refused(void **state)
{
    (void)state;
    struct sim *sim = differing(EAST_RSA_PRIVATE, STRAY_RSA_PRIVATE, ENDS RSA_KEYS,
                                ENDS " leftrsasigkey=0s" EAST_RSA " rightrsasigkey=0s" STRAY_RSA);
    assert_fails(sim, "east", "authentication of the peer failed: the RSASSA-PSS with SHA2_512 signature");
}

static void without_a_private_key_the_search_is_told(void **state)
{
    (void)state;
    assert_fails(keyed(NULL, WEST_RSA_PRIVATE, ENDS RSA_KEYS), "east",
                 "no private key for the 2048-bit RSA key AwEAA");
}

static void without_any_key_for_us_the_identity_is_told(void **state)
{
    (void)state;
    assert_fails(keyed(NULL, NULL, ENDS), "east",
                 "no private key for our identity '@east' and authby=rsasig");
}

static void without_a_public_key_of_the_peer_its_identity_is_told(void **state)
{
    (void)state;
    assert_fails(keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE,
                       ENDS " leftrsasigkey=0s" EAST_RSA
                            " rightckaid=0000000000000000000000000000000000000000"),
                 "west", "no private key with rightckaid=0000");
    struct sim *sim =
        differing(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, ENDS RSA_KEYS, ENDS " rightrsasigkey=0s" WEST_RSA);
    assert_fails(sim, "west", "no RSA public key of '@east': neither leftrsasigkey=");
}

static void hashes_without_one_in_common_fail_before_anything_is_sent(void **state)
{
    (void)state;
    struct sim *sim = differing(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, ENDS RSA_KEYS " authby=rsa-sha2_256",
                                ENDS RSA_KEYS " authby=rsa-sha2_512");
    assert_fails(sim, "east", "it names the hashes SHA2_512 (RFC 7427), authby= has SHA2_256");
}

static void another_method_than_the_wanted_is_refused(void **state)
{
    (void)state;
    struct sim *sim = differing(NULL, WEST_RSA_PRIVATE, ENDS " authby=secret", ENDS RSA_KEYS);
    assert_fails(sim, "west",
                 "peer authenticates by method 2 (shared-key-mac); \"tunnel\" wants authby=rsasig");
}

static void null_is_no_proof_where_one_is_wanted(void **state)
{
    (void)state;
    struct sim *sim = differing(NULL, NULL, ENDS " authby=null", ENDS " authby=secret");
    assert_fails(sim, "west", "peer authenticates by method 13 (null); \"tunnel\" wants authby=secret");
}

/* East, who is let in for the "guest" subnets without a proof, wants those of "staff" on the same IKE SA. */
static void assert_guests_get_nothing_else(const char *words, const char *guests, const char *staff)
{
    static const char *const subnets[] = {SUBNETS, " leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24"};
    static const char *const names[] = {"guest", "staff"};
    char line[4096];
    struct sim *sim = keyed_hosts(NULL, WEST_RSA_PRIVATE);
    sim_add_private_key(sim, "east", EAST_RSA_PRIVATE);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(line, sizeof(line), "%s%s%s", words, subnets[i], guests);
        sim_add_connection_on(sim, "east", names[i], line);
        snprintf(line, sizeof(line), "%s%s%s", words, subnets[i], i == 0 ? guests : staff);
        sim_add_connection_on(sim, "west", names[i], line);
    }
    assert_int_equal(sim_up(sim, "east", "guest"), 0);
    assert_int_not_equal(sim_up(sim, "east", "staff"), 0);
    assert_int_equal(sim_child_count(sim, "west"), 1);
    assert_ends_well(sim);
}

static void what_is_proved_for_one_connection_opens_no_stricter_one(void **state)
{
    (void)state;
    const char *ends = "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west";
    char ikev2[256], ikev1[256];
    snprintf(ikev2, sizeof(ikev2), "%s" CIPHERS, ends);
    snprintf(ikev1, sizeof(ikev1), "%s keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2", ends);
    assert_guests_get_nothing_else(ikev2, " authby=null", " authby=secret");
    assert_guests_get_nothing_else(ikev2, " authby=secret", " authby=rsasig" RSA_KEYS);
    assert_guests_get_nothing_else(ikev1, " authby=secret", " authby=rsasig" RSA_KEYS);
}

/* RFC 7619 2.3: what somebody says to be without a proof throws nobody out. */
static void who_proves_nothing_takes_nobodys_place(void **state)
{
    (void)state;
#define ANYBODY "left=%any right=192.0.2.2 rightid=@west rightsubnet=10.2.0.0/24" CIPHERS
    static const char *const ids[] = {"", " leftid=@staff"};
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        char words[512];
        struct sim *sim = two_hosts();
        sim_add_host(sim, "south", "192.0.2.3");
        sim_add_connection_on(sim, "west", "guests", ANYBODY " authby=null");
        sim_add_connection_on(sim, "west", "staff", ANYBODY " authby=secret leftid=@staff");
        snprintf(words, sizeof(words),
                 "left=192.0.2.1 right=192.0.2.2 rightid=@west"
                 " rightsubnet=10.2.0.0/24" CIPHERS "%s authby=%s",
                 ids[i], i == 0 ? "null" : "secret");
        sim_add_connection_on(sim, "east", "tunnel", words);
        snprintf(words, sizeof(words),
                 "left=192.0.2.3 right=192.0.2.2 rightid=@west"
                 " rightsubnet=10.2.0.0/24" CIPHERS "%s authby=null",
                 ids[i]);
        sim_add_connection_on(sim, "south", "tunnel", words);
        assert_up(sim, "east");
        sim_run_for(sim, seconds(5));
        assert_up(sim, "south");
        sim_run_for(sim, minutes(1));
        assert_int_equal(sim_child_count(sim, "west"), 2);
        assert_ends_well(sim);
    }
}

/* A connection that takes any name from its host is not spoilt by one that was never proved. */
static void an_unproved_name_does_not_stick(void **state)
{
    (void)state;
#define RSA_ENDS                                                                                             \
    "left=192.0.2.1 right=192.0.2.2 rightid=@west authby=rsasig rightrsasigkey=0s" WEST_RSA SUBNETS
    static const char *const versions[] = {
        CIPHERS, " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2 aggressive=yes"};
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        static const char *const who[] = {" leftid=%any leftrsasigkey=0s" EAST_RSA,
                                          " leftid=@mallory leftrsasigkey=0s" STRAY_RSA,
                                          " leftid=@east leftrsasigkey=0s" EAST_RSA};
        char words[3][4096];
        for (size_t j = 0; j < ARRAY_SIZE(who); j++)
            snprintf(words[j], sizeof(words[j]), "%s%s%s", RSA_ENDS, versions[i], who[j]);
        struct sim *sim = keyed_hosts(EAST_RSA_PRIVATE, NULL);
        sim_add_private_key(sim, "east", STRAY_RSA_PRIVATE);
        sim_add_private_key(sim, "west", WEST_RSA_PRIVATE);
        sim_add_connection_on(sim, "west", "tunnel", words[0]);
        sim_add_connection_on(sim, "east", "mallory", words[1]);
        sim_add_connection_on(sim, "east", "tunnel", words[2]);
        assert_int_not_equal(sim_up(sim, "east", "mallory"), 0);
        sim_down(sim, "east", "mallory");
        assert_true(sim_log_has(sim, "west", "is not of the key"));
        assert_up(sim, "east");
        assert_settles(sim);
        assert_ends_well(sim);
    }
}

static void connections_of_different_methods_have_ike_sas_of_their_own(void **state)
{
    (void)state;
    const char *const versions[] = {CIPHERS, " keyexchange=ikev1 ike=aes128-sha2;dh31 esp=aes128-sha2"};
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        char words[4096];
        const char *ends = "left=192.0.2.1 right=192.0.2.2 leftid=@east rightid=@west";
        snprintf(words, sizeof(words), "%s" SUBNETS "%s authby=secret", ends, versions[i]);
        struct sim *sim = keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, words);
        snprintf(words, sizeof(words), "%s leftsubnet=10.3.0.0/24 rightsubnet=10.4.0.0/24%s authby=rsasig%s",
                 ends, versions[i], RSA_KEYS);
        sim_add_connection(sim, "second", words);
        assert_up(sim, "east");
        assert_int_equal(sim_up(sim, "east", "second"), 0);
        assert_settles(sim);
        assert_both_have(sim, 2, 2);
        assert_ends_well(sim);
    }
}

static void a_key_in_a_certificate_is_explained(void **state)
{
    (void)state;
    assert_fails(keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, ENDS " leftrsasigkey=%cert rightrsasigkey=%cert"),
                 "east", "leftrsasigkey=%cert: certificates are not supported yet");
}

/* ---- IKEv1 ---- */

static void main_mode_signs_with_rsa(void **state)
{
    (void)state;
    assert_works(keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, IKEV1 RSA_KEYS), "{auth=RSA_SIG cipher=AES_CBC");
}

static void aggressive_mode_signs_with_rsa(void **state)
{
    (void)state;
    assert_works(keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, IKEV1 RSA_KEYS " aggressive=yes"),
                 "and 2048-bit raw RSA signature");
}

static void main_mode_survives_loss_of_signed_messages(void **state)
{
    (void)state;
    struct sim *sim = keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, IKEV1 RSA_KEYS);
    sim_drop(sim, "east", MESSAGE_ANY, PART_EITHER, 2, 1);
    sim_drop(sim, "west", MESSAGE_ANY, PART_EITHER, 2, 1);
    assert_works(sim, "{auth=RSA_SIG");
}

static void users_log_in_over_rsa_signatures(void **state)
{
    (void)state;
    struct sim *sim = keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE,
                            IKEV1 RSA_KEYS " leftxauthclient=yes rightxauthserver=yes leftusername=alice");
    sim_set_password(sim, "west", "alice", "secret");
    sim_set_xauth_secret(sim, "east", "alice", "secret");
    sim_run_for(sim, seconds(1));
    assert_works(sim, "{auth=RSA_SIG");
}

/* Keys that whack told of an identity do as well as those of the connection. */
static void a_known_key_of_the_identity_will_do(void **state)
{
    (void)state;
    struct sim *sim = keyed(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE, ENDS);
    sim_add_connection(sim, "teacher",
                       "left=192.0.2.77 right=192.0.2.78 leftid=@east rightid=@west" RSA_KEYS);
    assert_works(sim, "RSASSA-PSS with SHA2_512 digital signature");
}

static void ikev1_peers_with_another_key_are_refused(void **state)
{
    (void)state;
    const char *const modes[] = {"", " aggressive=yes"};
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        char ours[4096], theirs[4096];
        struct sim *sim = keyed_hosts(STRAY_RSA_PRIVATE, WEST_RSA_PRIVATE);
        snprintf(ours, sizeof(ours), IKEV1 " leftrsasigkey=0s" STRAY_RSA " rightrsasigkey=0s" WEST_RSA "%s",
                 modes[i]);
        snprintf(theirs, sizeof(theirs), IKEV1 RSA_KEYS "%s", modes[i]);
        sim_add_connection_on(sim, "east", "tunnel", ours);
        sim_add_connection_on(sim, "west", "tunnel", theirs);
        assert_fails(sim, "west", "the raw RSA signature is not of the key AwEAA");
    }
}

static void an_ikev1_responder_with_another_key_is_refused(void **state)
{
    (void)state;
    struct sim *sim = differing(EAST_RSA_PRIVATE, STRAY_RSA_PRIVATE, IKEV1 RSA_KEYS,
                                IKEV1 " leftrsasigkey=0s" EAST_RSA " rightrsasigkey=0s" STRAY_RSA);
    assert_fails(sim, "east", "authentication of the peer failed: the raw RSA signature");
}

static void ikev1_without_a_private_key_tells_the_search(void **state)
{
    (void)state;
    assert_fails(keyed(NULL, WEST_RSA_PRIVATE, IKEV1 RSA_KEYS), "east",
                 "authentication failed: no private key for the 2048-bit RSA key AwEAA");
}

/* PAM as the simulated host has it: who stands among its users, without a password. */
static void pam_may_refuse_who_has_proved_its_identity(void **state)
{
    (void)state;
    static const char *const methods[] = {"", " authby=rsasig leftrsasigkey=0s" EAST_RSA
                                              " rightrsasigkey=0s" WEST_RSA};
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        char words[4096];
        snprintf(words, sizeof(words), "%s%s pam-authorize=yes", TUNNEL, methods[i]);
        struct sim *sim = keyed_hosts(EAST_RSA_PRIVATE, WEST_RSA_PRIVATE);
        sim_set_delays(sim, "west", seconds(1), 0, 0);
        sim_add_connection(sim, "tunnel", words);
        assert_int_not_equal(sim_up(sim, "east", "tunnel"), 0);
        assert_true(sim_log_has(sim, "west", "PAM method requested to authorize '@east'"));
        assert_true(sim_log_has(sim, "west", "AUTHENTICATION_FAILED"));
        assert_true(sim_settle(sim, minutes(10)));
        assert_both_have(sim, 0, 0);
        sim_set_password(sim, "west", "@east", "");
        assert_established(sim);
        assert_ping(sim);
        const uint64_t *counted = engine_view_statistics(sim_engine(sim, "west"))->values[COUNT_PAM];
        assert_true(counted[0] >= 2);             /* started */
        assert_int_equal(counted[1], counted[0]); /* stopped */
        assert_int_equal(counted[2], 0);          /* aborted */
        assert_ends_well(sim);
    }
}

static void who_came_in_without_pam_gets_nothing_that_pam_guards(void **state)
{
    (void)state;
    struct sim *sim = sim_new(1);
    sim_add_host(sim, "east", "192.0.2.1");
    sim_add_host(sim, "west", "192.0.2.2");
    sim_add_connection_on(sim, "west", "staff", SECOND " pam-authorize=yes");
    sim_add_connection_on(sim, "west", "guest", TUNNEL);
    sim_add_connection_on(sim, "east", "guest", TUNNEL);
    sim_add_connection_on(sim, "east", "staff", SECOND);
    assert_int_equal(sim_up(sim, "east", "guest"), 0);
    assert_int_not_equal(sim_up(sim, "east", "staff"), 0);
    assert_false(sim_log_has(sim, "west", "PAM method requested"));
    assert_int_equal(sim_child_count(sim, "west"), 1);
    assert_ends_well(sim);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_for_the_peers_name_is_not_asked_for),
        cmocka_unit_test(rsa_keys_are_the_default),
        cmocka_unit_test(either_side_of_rsa_can_begin),
        cmocka_unit_test(a_hash_can_be_asked_for),
        cmocka_unit_test(rsa_with_sha1_is_method_1),
        cmocka_unit_test(ecdsa_signs_with_the_hash_of_its_curve),
        cmocka_unit_test(the_default_takes_ecdsa_keys_too),
        cmocka_unit_test(eddsa_works),
        cmocka_unit_test(nobody_proves_anything_with_null),
        cmocka_unit_test(each_end_has_its_own_method),
        cmocka_unit_test(curves_may_differ),
        cmocka_unit_test(a_responder_with_both_takes_what_the_peer_has),
        cmocka_unit_test(of_two_connections_that_which_allows_the_method_is_taken),
        cmocka_unit_test(an_rsa_tunnel_survives_loss_of_its_messages),
        cmocka_unit_test(a_peer_with_another_key_is_refused),
        cmocka_unit_test(a_responder_with_another_key_is_refused),
        cmocka_unit_test(without_a_private_key_the_search_is_told),
        cmocka_unit_test(without_any_key_for_us_the_identity_is_told),
        cmocka_unit_test(without_a_public_key_of_the_peer_its_identity_is_told),
        cmocka_unit_test(hashes_without_one_in_common_fail_before_anything_is_sent),
        cmocka_unit_test(another_method_than_the_wanted_is_refused),
        cmocka_unit_test(null_is_no_proof_where_one_is_wanted),
        cmocka_unit_test(what_is_proved_for_one_connection_opens_no_stricter_one),
        cmocka_unit_test(who_proves_nothing_takes_nobodys_place),
        cmocka_unit_test(an_unproved_name_does_not_stick),
        cmocka_unit_test(pam_may_refuse_who_has_proved_its_identity),
        cmocka_unit_test(who_came_in_without_pam_gets_nothing_that_pam_guards),
        cmocka_unit_test(connections_of_different_methods_have_ike_sas_of_their_own),
        cmocka_unit_test(a_key_in_a_certificate_is_explained),
        cmocka_unit_test(main_mode_signs_with_rsa),
        cmocka_unit_test(aggressive_mode_signs_with_rsa),
        cmocka_unit_test(main_mode_survives_loss_of_signed_messages),
        cmocka_unit_test(users_log_in_over_rsa_signatures),
        cmocka_unit_test(a_known_key_of_the_identity_will_do),
        cmocka_unit_test(ikev1_peers_with_another_key_are_refused),
        cmocka_unit_test(an_ikev1_responder_with_another_key_is_refused),
        cmocka_unit_test(ikev1_without_a_private_key_tells_the_search),
    };
    choose_scenarios(argument_count, arguments);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
