/*
 * Random worlds: each seed draws hosts, connections, faults and a schedule of commands and catastrophes; then
 * the network heals, and after a while the laws of a quiet world must hold and what should be up must be up.
 *
 *     sim_random [KIND...] [--first N] [--count N]     seeds N .. N+count-1, quietly
 *     sim_random [KIND...] --seed N                    that one, with a full trace
 *
 * Kinds, also together: --ikev1; --mobile, where there is a road warrior whose address changes (MOBIKE), and
 * IKE SAs may be reauthenticated; --leases, where road warriors come to one gateway, which leases them
 * addresses (with IKEv1 after a login or without); --rich, where there are AH, IPComp and transport mode too,
 * engines that misbehave, and connections that are deleted and added again; --changing, where secrets and
 * what one end says of a connection change while it is up, and IKE messages go in fragments.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

enum { DEFAULT_COUNT = 2000, LINKS_MAX = 5, HOSTS_MAX = 4, WORDS_SIZE = 640 };

/* A connection between two hosts, under the same name on both. */
struct link {
    const char *name;
    const char *ends[2];
    const char *inside[2];
    bool can_begin[2];             /* the other end has an address that it knows */
    bool starts[2];                /* auto=start */
    bool wants_up[2];              /* as far as that end has been told */
    bool is_gone[2];               /* deleted there */
    char words[2][4 * WORDS_SIZE]; /* but those in which the ends may differ; "": they do not change */
    bool is_leased;                /* the second end has whatever address the first leases it */
    bool may_be_begun; /* by a packet: some end has or had a trap; or by reauth= of the end that did not
                          forget; or by dpdaction= */
};

/* What --NAME asks for. */
struct kind_of_world {
    bool is_ikev1, is_mobile, has_leases, is_rich, is_changing;
};

struct plan {
    struct sim *sim;
    struct prng prng;
    const char *hosts[HOSTS_MAX];
    size_t host_count;
    const char *movers[HOSTS_MAX]; /* whose addresses change */
    size_t mover_count;
    struct link links[LINKS_MAX];
    size_t link_count;
    bool has_nat;
    bool may_force_udp; /* encapsulation=yes of one connection is that of all that share its IKE SA */
    struct kind_of_world kind;
};

/* So many networks that IKE_AUTH goes in fragments; the last two numbers of each are its own. */
enum { MORE_NETWORKS = 18 };

static const char *with_more_networks(const char *subnet, const char *start, char out[static WORDS_SIZE])
{
    int size = snprintf(out, WORDS_SIZE, "%s", subnet);
    for (int i = 0; i < MORE_NETWORKS; i++)
        size += snprintf(out + size, WORDS_SIZE - (size_t)size, ",%s.%d.0/24", start, 100 + 2 * i);
    return out;
}

static const char *const public_address = "203.0.113.9";

static bool chance(struct plan *plan, unsigned per_mille)
{
    return prng_chance(&plan->prng, per_mille);
}

static size_t pick(struct plan *plan, size_t count)
{
    return (size_t)prng_below(&plan->prng, count);
}

/* ---- drawing the world ---- */

static struct link *add_link(struct plan *plan, const char *name, const char *a, const char *b,
                             const char *inside_a, const char *inside_b)
{
    struct link *link = &plan->links[plan->link_count++];
    *link = (struct link){
        .name = name, .ends = {a, b}, .inside = {inside_a, inside_b}, .can_begin = {true, true}};
    unsigned who = (unsigned)pick(plan, 4);
    link->starts[0] = (who & 1) != 0;
    link->starts[1] = (who & 2) != 0;
    return link;
}

/* Protocols beside plain ESP; AH goes through no NAT, nor in UDP. */
static const char *draw_protocols(struct plan *plan, bool may_be_encapsulated)
{
    static const char *const compressed[] = {"", "", " compress=yes"};
    static const char *const ikev2[] = {"", " compress=yes", " phase2=ah", " phase2=ah compress=yes"};
    static const char *const ikev1[] = {"", " compress=yes", " phase2=ah", " phase2=ah+esp",
                                        " phase2=ah+esp compress=yes"};
    if (!plan->kind.is_rich)
        return "";
    if (may_be_encapsulated)
        return compressed[pick(plan, ARRAY_SIZE(compressed))];
    return plan->kind.is_ikev1 ? ikev1[pick(plan, ARRAY_SIZE(ikev1))] : ikev2[pick(plan, ARRAY_SIZE(ikev2))];
}

/* What both ends agree on. */
static void draw_common_words(struct plan *plan, bool may_be_encapsulated, char *out, size_t size)
{
    static const char *const ciphers[] = {" esp=aes_gcm128 pfs=no", " esp=aes_gcm128", " esp=aes_gcm128;dh31",
                                          " esp=aes128-sha2_256", " esp=chacha20_poly1305"};
    static const char *const ikev1_words[] = {" pfs=no", "", " aggressive=yes", " aggressive=yes pfs=no"};
    static const char *const login_words[] = {
        "", "", " leftxauthclient=yes rightxauthserver=yes leftusername=alice xauthby=alwaysok"};
    bool is_in_udp = plan->may_force_udp && chance(plan, 200);
    const char *protocols =
        draw_protocols(plan, may_be_encapsulated || plan->may_force_udp || plan->kind.is_mobile);
    bool is_ah_alone = strstr(protocols, "=ah") != NULL && strstr(protocols, "+esp") == NULL;
    if (plan->kind.is_ikev1) {
        snprintf(out, size,
                 "authby=secret keyexchange=ikev1 ike=aes128-sha2;dh31%s dpddelay=20s "
                 "dpdtimeout=60s retransmit-timeout=20s%s%s%s%s",
                 is_ah_alone ? "" : " esp=aes128-sha2", ikev1_words[pick(plan, ARRAY_SIZE(ikev1_words))],
                 plan->kind.has_leases ? "" : login_words[pick(plan, ARRAY_SIZE(login_words))],
                 is_in_udp ? " encapsulation=yes" : "", protocols);
        return;
    }
    snprintf(out, size, "authby=secret dpddelay=20s retransmit-timeout=20s%s%s%s%s",
             is_ah_alone ? "" : ciphers[pick(plan, ARRAY_SIZE(ciphers))],
             is_in_udp ? " encapsulation=yes" : "",
             plan->kind.is_mobile && chance(plan, 900) ? " mobike=yes" : "", protocols);
}

/* In what they may differ. */
static const char *draw_own_words(struct plan *plan, char *out, size_t size)
{
    static const char *const lives[] = {"",
                                        "",
                                        " ipsec-lifetime=4m rekeymargin=1m",
                                        " ikelifetime=5m rekeymargin=1m",
                                        " ikelifetime=6m ipsec-lifetime=4m rekeymargin=1m",
                                        " ikelifetime=60s ipsec-lifetime=50s rekeymargin=15s",
                                        " ikelifetime=4m ipsec-lifetime=3m rekey=no",
                                        " ipsec-max-packets=40",
                                        " ipsec-max-bytes=20000"};
    static const char *const shunts[] = {" failureshunt=drop", " failureshunt=passthrough",
                                         " negotiationshunt=passthrough", " narrowing=yes"};
    static const char *const actions[] = {" dpdaction=hold", " dpdaction=clear", " dpdaction=restart"};
    size_t shunt_count = ARRAY_SIZE(shunts) - (plan->kind.is_ikev1 ? 1 : 0);
    /* Where the first group is not the other end's, INVALID_KE_PAYLOAD follows. */
    snprintf(out, size, "%s%s%s%s%s%s", lives[pick(plan, ARRAY_SIZE(lives))],
             plan->kind.is_ikev1 ? ""
             : chance(plan, 100) ? " ike=aes_gcm128-sha2_256;dh19+dh31"
                                 : " ike=aes_gcm128-sha2_256;dh31",
             chance(plan, 500) ? " initial-contact=yes" : "",
             chance(plan, 300) ? shunts[pick(plan, shunt_count)] : "",
             plan->kind.is_mobile && chance(plan, 300) ? " reauth=yes" : "",
             plan->kind.is_ikev1 && chance(plan, 400) ? actions[pick(plan, ARRAY_SIZE(actions))] : "");
    return out;
}

/* `subnets` NULL: transport mode between the hosts themselves. */
static void load_link(struct plan *plan, struct link *link, const char *const addresses[2],
                      const char *const subnets[2], bool peer_is_anybody)
{
    char common[WORDS_SIZE], own[WORDS_SIZE], words[6 * WORDS_SIZE],
        clients[3 * WORDS_SIZE] = "type=transport";
    char left[WORDS_SIZE], right[WORDS_SIZE];
    draw_common_words(plan, peer_is_anybody, common, sizeof(common));
    bool is_large = plan->kind.is_changing && !plan->kind.is_ikev1 && subnets != NULL &&
                    strcmp(link->name, "tunnel") == 0;
    if (is_large)
        snprintf(clients, sizeof(clients), "leftsubnet=%s rightsubnet=%s fragmentation=force",
                 with_more_networks(subnets[0], "10.1", left), with_more_networks(subnets[1], "10.2", right));
    else if (subnets != NULL)
        snprintf(clients, sizeof(clients), "leftsubnet=%s rightsubnet=%s", subnets[0], subnets[1]);
    for (int end = 0; end < 2; end++) {
        bool is_trapped = !link->starts[end] && link->can_begin[end] && chance(plan, 300);
        link->may_be_begun |= is_trapped;
        snprintf(link->words[end], sizeof(link->words[end]),
                 "left=%s right=%s leftid=@%s rightid=@%s %s %s auto=%s", addresses[0],
                 end == 0 && peer_is_anybody ? "%any" : addresses[1], link->ends[0], link->ends[1], clients,
                 common,
                 link->starts[end] ? "start"
                 : is_trapped      ? "ondemand"
                                   : "add");
        snprintf(words, sizeof(words), "%s%s", link->words[end], draw_own_words(plan, own, sizeof(own)));
        link->may_be_begun |=
            strstr(own, "dpdaction=") != NULL; /* by the end that found the other one dead */
        sim_add_connection_on(plan->sim, link->ends[end], link->name, words);
        link->wants_up[end] = link->starts[end];
    }
}

static void draw_third_host(struct plan *plan)
{
    static const char *const subnets[] = {"10.1.0.0/24", "10.5.0.0/24"};
    bool is_behind_nat = chance(plan, 500);
    const char *address = is_behind_nat ? "10.9.0.5" : "192.0.2.3";
    const char *const addresses[] = {"192.0.2.1", plan->kind.is_mobile ? "%defaultroute" : address};
    if (is_behind_nat)
        sim_add_host_behind_nat(plan->sim, "road", address, public_address);
    else
        sim_add_host(plan->sim, "road", address);
    plan->has_nat = is_behind_nat;
    plan->hosts[plan->host_count++] = "road";
    if (plan->kind.is_mobile)
        plan->movers[plan->mover_count++] = "road";
    struct link *link = add_link(plan, "road", "east", "road", "10.1.0.1", "10.5.0.1");
    bool is_anybody = is_behind_nat || plan->kind.is_mobile;
    if (is_anybody) {
        link->can_begin[0] = link->starts[0] = false;
        link->starts[1] = true;
    }
    load_link(plan, link, addresses, subnets, is_anybody);
}

/* ---- road warriors who are leased addresses ---- */

static void load_road_warrior(struct plan *plan, const char *name, const char *address, const char *common,
                              const char *login)
{
    char own[WORDS_SIZE], words[5 * WORDS_SIZE];
    bool is_behind_nat = chance(plan, 500);
    char inside[32], outside[32];
    snprintf(inside, sizeof(inside), "10.9.0.%s", address);
    snprintf(outside, sizeof(outside), "192.0.2.%s", address);
    if (is_behind_nat)
        sim_add_host_behind_nat(plan->sim, name, inside, public_address);
    else
        sim_add_host(plan->sim, name, outside);
    plan->has_nat |= is_behind_nat;
    plan->hosts[plan->host_count++] = name;
    if (plan->kind.is_mobile && chance(plan, 700))
        plan->movers[plan->mover_count++] = name;
    struct link *link = add_link(plan, "leases", "east", name, "10.1.0.1", "10.8.0.99");
    link->is_leased = true;
    link->can_begin[0] = link->starts[0] = false;
    link->wants_up[1] = link->starts[1];
    sim_set_password(plan->sim, "east", name, "secret");
    sim_set_xauth_secret(plan->sim, name, name, "secret");
    snprintf(words, sizeof(words),
             "left=192.0.2.1 right=%%defaultroute leftid=@east rightid=@%s leftsubnet=10.1.0.0/24 "
             "rightmodecfgclient=yes %s%s%s auto=%s",
             name, common, login, draw_own_words(plan, own, sizeof(own)), link->starts[1] ? "start" : "add");
    if (login[0] != '\0')
        snprintf(words + strlen(words), sizeof(words) - strlen(words), " rightusername=%s", name);
    sim_add_connection_on(plan->sim, name, link->name, words);
}

static void draw_leases(struct plan *plan)
{
    static const char *const logins[] = {"", " leftxauthserver=yes rightxauthclient=yes"};
    static const char *const names[] = {"ann", "bob", "cyd"}, *const addresses[] = {"11", "12", "13"};
    char common[WORDS_SIZE], own[WORDS_SIZE], words[5 * WORDS_SIZE];
    const char *login = plan->kind.is_ikev1 ? logins[pick(plan, ARRAY_SIZE(logins))] : "";
    draw_common_words(plan, true, common, sizeof(common));
    if (plan->kind.is_ikev1 && chance(plan, 500))
        snprintf(common + strlen(common), sizeof(common) - strlen(common), " modecfgpull=yes");
    sim_add_host(plan->sim, "east", "192.0.2.1");
    plan->hosts[plan->host_count++] = "east";
    snprintf(words, sizeof(words),
             "left=192.0.2.1 right=%%any leftid=@east leftsubnet=10.1.0.0/24 "
             "rightaddresspool=10.8.0.1-10.8.0.%u %s%s%s auto=add",
             chance(plan, 500) ? 3 : 20, common, login, draw_own_words(plan, own, sizeof(own)));
    sim_add_connection_on(plan->sim, "east", "leases", words);
    for (size_t i = 0; i < 1 + pick(plan, ARRAY_SIZE(names)); i++)
        load_road_warrior(plan, names[i], addresses[i], common, login);
    if (chance(plan, 150)) {
        sim_settings(plan->sim, "east")->ddos_mode = DDOS_BUSY;
        sim_restart(plan->sim, "east", 0);
    }
}

/* The address of the link's host in the tunnel. */
static const char *inside_of(const struct plan *plan, const struct link *link, int end,
                             char out[static ADDRESS_TEXT_SIZE])
{
    struct child_view child;
    if (end == 0 || !link->is_leased || !sim_newest_child(plan->sim, link->ends[1], link->name, &child))
        return link->inside[end];
    return address_text(&child.local_selectors[0].range.start, out);
}

static void draw_world(struct plan *plan)
{
    static const char *const addresses[] = {"192.0.2.1", "192.0.2.2"};
    static const char *const subnets[] = {"10.1.0.0/24", "10.2.0.0/24"};
    static const char *const third_subnets[] = {"10.6.0.0/24", "10.7.0.0/24"};
    static const char *const more_subnets[] = {"10.3.0.0/24", "10.4.0.0/24"};
    plan->may_force_udp = !plan->kind.is_rich || chance(plan, 500);
    if (plan->kind.has_leases) {
        draw_leases(plan);
        return;
    }
    sim_add_host(plan->sim, "east", addresses[0]);
    sim_add_host(plan->sim, "west", addresses[1]);
    plan->hosts[plan->host_count++] = "east";
    plan->hosts[plan->host_count++] = "west";
    load_link(plan, add_link(plan, "tunnel", "east", "west", "10.1.0.1", "10.2.0.1"), addresses, subnets,
              false);
    if (chance(plan, 400))
        load_link(plan, add_link(plan, "second", "east", "west", "10.3.0.1", "10.4.0.1"), addresses,
                  more_subnets, false);
    if (chance(plan, 150))
        load_link(plan, add_link(plan, "third", "east", "west", "10.6.0.1", "10.7.0.1"), addresses,
                  third_subnets, false);
    if (plan->kind.is_rich && !plan->kind.is_mobile && chance(plan, 500))
        load_link(plan, add_link(plan, "hosts", "east", "west", addresses[0], addresses[1]), addresses, NULL,
                  false);
    if (plan->kind.is_mobile || chance(plan, 300))
        draw_third_host(plan);
    if (chance(plan, 150)) {
        sim_settings(plan->sim, "west")->ddos_mode = DDOS_BUSY;
        sim_restart(plan->sim, "west", 0);
    }
}

static void draw_faults(struct plan *plan)
{
    struct faults faults = {.delay_min = milliseconds(1), .delay_max = milliseconds(20)};
    if (chance(plan, 600))
        faults.loss_per_mille = (unsigned)pick(plan, 350);
    if (chance(plan, 400))
        faults.duplication_per_mille = (unsigned)pick(plan, 300);
    if (chance(plan, 300))
        faults.corruption_per_mille = (unsigned)pick(plan, 100);
    if (chance(plan, 200))
        faults.replay_per_mille = (unsigned)pick(plan, 300);
    if (chance(plan, 500))
        faults.delay_max = milliseconds(prng_between(&plan->prng, 20, 3000));
    sim_set_faults(plan->sim, faults);
    for (size_t i = 0; i < plan->host_count; i++)
        sim_set_delays(plan->sim, plan->hosts[i], milliseconds(chance(plan, 300) ? 800 : 2),
                       milliseconds(chance(plan, 300) ? 500 : 1),
                       milliseconds(chance(plan, 300) ? 5000 : 50));
    sim_note(plan->sim, "loss %u duplication %u corruption %u delay to %llu ms", faults.loss_per_mille,
             faults.duplication_per_mille, faults.corruption_per_mille,
             (unsigned long long)(faults.delay_max / USEC_PER_MSEC));
}

/* ---- what happens ---- */

static void give(struct plan *plan, struct link *link, int end, enum command_kind kind)
{
    if (sim_engine(plan->sim, link->ends[end]) == NULL || link->is_gone[end])
        return;
    if (kind == COMMAND_INITIATE && !link->can_begin[end])
        return;
    sim_start(plan->sim, link->ends[end], kind, link->name);
    link->may_be_begun |= kind == COMMAND_ROUTE;
    if (kind == COMMAND_INITIATE || kind == COMMAND_TERMINATE)
        link->wants_up[end] = kind == COMMAND_INITIATE;
}

static void act_command(struct plan *plan, enum command_kind kind)
{
    give(plan, &plan->links[pick(plan, plan->link_count)], (int)pick(plan, 2), kind);
}

static void act_restart(struct plan *plan)
{
    const char *host = plan->hosts[pick(plan, plan->host_count)];
    sim_restart(plan->sim, host, milliseconds(chance(plan, 500) ? 0 : prng_between(&plan->prng, 1, 40000)));
    for (size_t i = 0; i < plan->link_count; i++)
        for (int end = 0; end < 2; end++)
            if (strcmp(plan->links[i].ends[end], host) == 0) {
                plan->links[i].is_gone[end] = false;
                plan->links[i].wants_up[end] = plan->links[i].starts[end];
                plan->links[i].may_be_begun |= plan->kind.is_mobile;
            }
}

static void act_partition(struct plan *plan)
{
    const char *from = chance(plan, 300) ? NULL : plan->hosts[pick(plan, plan->host_count)];
    usec_t duration = seconds(prng_between(&plan->prng, 1, 90));
    sim_note(plan->sim, "nothing leaves %s for %llu s", from ? from : "anybody",
             (unsigned long long)(duration / USEC_PER_SEC));
    sim_partition(plan->sim, from, NULL, duration);
}

static void act_clocks(struct plan *plan)
{
    const char *host = plan->hosts[pick(plan, plan->host_count)];
    if (chance(plan, 500)) {
        sim_jump_wall_clock(plan->sim, host, (int64_t)prng_below(&plan->prng, 2000000) - 1000000);
        return;
    }
    usec_t asleep = seconds(prng_between(&plan->prng, 1, 4000));
    sim_note(plan->sim, "%s slept for %llu s", host, (unsigned long long)(asleep / USEC_PER_SEC));
    sim_sleep_host(plan->sim, host, asleep);
}

static void act_traffic(struct plan *plan)
{
    struct link *link = &plan->links[pick(plan, plan->link_count)];
    int end = (int)pick(plan, 2);
    for (uint64_t packets = prng_between(&plan->prng, 1, 30); packets > 0; packets--) {
        char here[ADDRESS_TEXT_SIZE], there[ADDRESS_TEXT_SIZE];
        sim_send_bytes(plan->sim, link->ends[end], inside_of(plan, link, end, here),
                       inside_of(plan, link, !end, there), (size_t)prng_between(&plan->prng, 40, 1400), NULL);
        sim_run_for(plan->sim, milliseconds(prng_between(&plan->prng, 0, 300)));
    }
}

static void act_kernel_failure(struct plan *plan)
{
    static const enum kernel_operation operations[] = {KERNEL_SA_ADD, KERNEL_SA_QUERY};
    sim_fail_kernel(plan->sim, plan->hosts[pick(plan, plan->host_count)],
                    operations[pick(plan, ARRAY_SIZE(operations))], 1);
}

/* All links of that name at that end are one connection. */
static void note_loaded(struct plan *plan, const struct link *link, int end, bool is_gone)
{
    for (size_t i = 0; i < plan->link_count; i++) {
        struct link *same = &plan->links[i];
        if (strcmp(same->name, link->name) != 0 || strcmp(same->ends[end], link->ends[end]) != 0)
            continue;
        same->is_gone[end] = is_gone;
        same->wants_up[end] = same->starts[end] && !is_gone;
        same->may_be_begun |= plan->kind.is_mobile;
    }
}

/* In some other way, from now on. */
static void change(struct plan *plan, struct link *link, int end)
{
    char own[WORDS_SIZE], words[5 * WORDS_SIZE];
    if (sim_engine(plan->sim, link->ends[end]) == NULL || link->words[end][0] == '\0')
        return;
    snprintf(words, sizeof(words), "%s%s", link->words[end], draw_own_words(plan, own, sizeof(own)));
    link->may_be_begun |= strstr(own, "dpdaction=") != NULL;
    sim_change_connection(plan->sim, link->ends[end], link->name, words);
    note_loaded(plan, link, end, false);
}

static void act_change(struct plan *plan)
{
    struct link *link = &plan->links[pick(plan, plan->link_count)];
    int end = (int)pick(plan, 2);
    if (chance(plan, 500)) {
        sim_change_secret(plan->sim, link->ends[end], chance(plan, 500) ? "styx" : "other");
        return;
    }
    change(plan, link, end);
}

/* Loads a connection again, which takes its SAs down without asking anybody. */
static void replace(struct plan *plan, struct link *link, int end)
{
    if (sim_engine(plan->sim, link->ends[end]) == NULL)
        return;
    sim_reload_connection(plan->sim, link->ends[end], link->name);
    note_loaded(plan, link, end, false);
}

static void act_replace(struct plan *plan)
{
    struct link *link = &plan->links[pick(plan, plan->link_count)];
    replace(plan, link, (int)pick(plan, 2));
}

/* `ipsec auto --delete`; it is added again when it is replaced, or when the host is restarted. */
static void act_delete(struct plan *plan)
{
    struct link *link = &plan->links[pick(plan, plan->link_count)];
    int end = (int)pick(plan, 2);
    if (sim_engine(plan->sim, link->ends[end]) == NULL || link->is_gone[end])
        return;
    sim_start(plan->sim, link->ends[end], COMMAND_DELETE, link->name);
    note_loaded(plan, link, end, true);
}

static void act_impair(struct plan *plan)
{
    static const char *const words[] = {"drop_inbound:2",    "drop_outbound:1",    "drop_outbound:3",
                                        "duplicate_inbound", "duplicate_outbound", "none"};
    sim_impair(plan->sim, plan->hosts[pick(plan, plan->host_count)], words[pick(plan, ARRAY_SIZE(words))]);
}

/* The same at both ends, at once or almost. */
static void act_collision(struct plan *plan)
{
    static const enum command_kind kinds[] = {COMMAND_INITIATE,    COMMAND_REKEY_CHILD, COMMAND_REKEY_IKE,
                                              COMMAND_REKEY_CHILD, COMMAND_REKEY_IKE,   COMMAND_TERMINATE};
    struct link *link = &plan->links[pick(plan, plan->link_count)];
    for (uint64_t commands = prng_between(&plan->prng, 2, 5); commands > 0; commands--) {
        give(plan, link, (int)pick(plan, 2), kinds[pick(plan, ARRAY_SIZE(kinds))]);
        if (chance(plan, 500))
            sim_run_for(plan->sim, milliseconds(prng_between(&plan->prng, 0, 25)));
    }
}

/* Into another network, behind the NAT or not; perhaps it comes back before anybody has noticed. */
static void act_move(struct plan *plan)
{
    static const struct {
        const char *network;
        unsigned host;
        const char *public_address;
    } places[] = {{"192.0.2", 3, NULL},
                  {"198.51.100", 7, NULL},
                  {"10.9.0", 5, "203.0.113.9"},
                  {"10.9.0", 6, "203.0.113.9"}};
    unsigned who = (unsigned)pick(plan, plan->mover_count);
    const char *host = plan->movers[who];
    if (sim_engine(plan->sim, host) == NULL)
        return;
    for (uint64_t moves = prng_between(&plan->prng, 1, 3); moves > 0; moves--) {
        size_t place = pick(plan, ARRAY_SIZE(places));
        char address[32]; /* everybody has his own there */
        snprintf(address, sizeof(address), "%s.%u", places[place].network, places[place].host + 20 * who);
        sim_note(plan->sim, "%s moves to %s", host, address);
        sim_move_host(plan->sim, host, address, places[place].public_address);
        sim_run_for(plan->sim, milliseconds(prng_between(&plan->prng, 0, 100)));
    }
}

static void act(struct plan *plan)
{
    if (plan->kind.is_rich && chance(plan, 150)) {
        if (chance(plan, 500))
            act_delete(plan);
        else
            act_impair(plan);
        return;
    }
    if (plan->kind.is_changing && chance(plan, 200)) {
        act_change(plan);
        return;
    }
    if (plan->mover_count > 0 && chance(plan, 250)) {
        act_move(plan);
        return;
    }
    switch (pick(plan, 20)) {
    case 0:
    case 1:
    case 2:
        act_command(plan, COMMAND_INITIATE);
        break;
    case 3:
        act_command(plan, COMMAND_TERMINATE);
        break;
    case 4:
    case 5:
        act_command(plan, COMMAND_REKEY_CHILD);
        break;
    case 6:
    case 7:
        act_command(plan, COMMAND_REKEY_IKE);
        break;
    case 8:
        act_restart(plan);
        break;
    case 9:
        act_partition(plan);
        break;
    case 10:
        act_clocks(plan);
        break;
    case 11:
        act_traffic(plan);
        break;
    case 12:
        draw_faults(plan);
        break;
    case 13:
        act_replace(plan);
        break;
    case 14:
    case 15:
    case 16:
        act_collision(plan);
        break;
    case 17:
        act_command(plan, chance(plan, 700) ? COMMAND_ROUTE : COMMAND_UNROUTE);
        break;
    case 18:
        act_traffic(plan);
        break;
    default:
        if (plan->has_nat && chance(plan, 500))
            sim_forget_nat_mappings(plan->sim, public_address);
        else
            act_kernel_failure(plan);
        break;
    }
}

static void run_schedule(struct plan *plan)
{
    static const uint64_t pauses_ms[] = {0, 2, 12, 200, 3000, 40000};
    for (uint64_t actions = prng_between(&plan->prng, 3, 25); actions > 0; actions--) {
        act(plan);
        uint64_t pause = pauses_ms[pick(plan, ARRAY_SIZE(pauses_ms))];
        sim_run_for(plan->sim, milliseconds(prng_between(&plan->prng, 0, pause)));
    }
}

/* ---- what must hold at the end ---- */

static void heal(struct plan *plan)
{
    sim_heal(plan->sim);
    for (size_t i = 0; i < plan->host_count; i++) {
        sim_set_delays(plan->sim, plan->hosts[i], milliseconds(1), milliseconds(1), milliseconds(1));
        sim_fail_kernel(plan->sim, plan->hosts[i], KERNEL_SA_ADD, 0);
        sim_fail_kernel(plan->sim, plan->hosts[i], KERNEL_SA_QUERY, 0);
        sim_impair(plan->sim, plan->hosts[i], "none");
        sim_change_secret(plan->sim, plan->hosts[i], "styx");
    }
    for (size_t i = 0; i < plan->link_count; i++)
        for (int end = 0; end < 2; end++)
            if (plan->links[i].is_gone[end])
                replace(plan, &plan->links[i], end);
    sim_note(plan->sim, "healed");
    /* The longest pause before a revival is five minutes. */
    sim_run_for(plan->sim, minutes(8));
}

/* IKEv1's Deletes are said once: what was lost is lost until somebody asks again. So everything is taken down
 * and, where somebody wanted it, brought up anew; then the laws are those of IKEv2. */
static void begin_anew(struct plan *plan)
{
    for (size_t i = 0; i < plan->link_count; i++)
        for (int end = 0; end < 2; end++)
            give(plan, &plan->links[i], end, COMMAND_TERMINATE);
    sim_run_for(plan->sim, minutes(2));
    for (size_t i = 0; i < plan->link_count; i++)
        give(plan, &plan->links[i], plan->links[i].can_begin[0] ? 0 : 1, COMMAND_INITIATE);
    sim_run_for(plan->sim, minutes(1));
}

static bool link_is_up_if_wanted(struct plan *plan, const struct link *link)
{
    if (!link->wants_up[0] && !link->wants_up[1]) {
        for (int end = link->is_leased; end < 2; end++)
            if (!link->may_be_begun && sim_is_up(plan->sim, link->ends[end], link->name))
                return sim_fail(plan->sim, "\"%s\" is up on %s, but nobody wants it", link->name,
                                link->ends[end]);
        return true;
    }
    for (int end = 0; end < 2; end++)
        if (!sim_is_up(plan->sim, link->ends[end], link->name))
            return sim_fail(plan->sim, "\"%s\" should be up, but is not on %s", link->name, link->ends[end]);
    char leased[ADDRESS_TEXT_SIZE];
    if (!sim_ping(plan->sim, link->ends[0], link->inside[0], inside_of(plan, link, 1, leased)))
        return sim_fail(plan->sim, "\"%s\" is up and does not carry a packet there and back", link->name);
    return true;
}

static bool laws_hold(struct plan *plan)
{
    for (size_t i = 0; i < plan->link_count; i++)
        if (!link_is_up_if_wanted(plan, &plan->links[i]))
            return false;
    return sim_check(plan->sim);
}

/* Lifetimes go on ending: what was caught in the middle of beginning anew is looked at again. */
static bool check(struct plan *plan)
{
    for (int attempts = 3; sim_failure(plan->sim)[0] == '\0'; sim_run_for(plan->sim, seconds(67))) {
        if (!sim_settle(plan->sim, minutes(20)))
            return sim_failure(plan->sim)[0] == '\0' &&
                   sim_fail(plan->sim, "the world does not come to rest: %s", sim_unrest(plan->sim));
        if (laws_hold(plan))
            return true;
        if (--attempts == 0)
            return false;
        sim_forgive(plan->sim);
    }
    return false;
}

static const struct {
    const char *name;
    size_t member;
} kind_names[] = {
    {"--ikev1", offsetof(struct kind_of_world, is_ikev1)},
    {"--mobile", offsetof(struct kind_of_world, is_mobile)},
    {"--leases", offsetof(struct kind_of_world, has_leases)},
    {"--rich", offsetof(struct kind_of_world, is_rich)},
    {"--changing", offsetof(struct kind_of_world, is_changing)},
};

static bool *member_of(struct kind_of_world *kind, size_t i)
{
    return (bool *)((char *)kind + kind_names[i].member);
}

static void print_replay(struct kind_of_world kind, uint64_t seed)
{
    fprintf(stderr, "    replay it alone: sim_random");
    for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++)
        if (*member_of(&kind, i))
            fprintf(stderr, " %s", kind_names[i].name);
    fprintf(stderr, " --seed %llu\n", (unsigned long long)seed);
}

static bool run_seed(uint64_t seed, struct kind_of_world kind, bool is_traced)
{
    struct plan plan = {.sim = sim_new(seed), .prng = prng_of(~seed), .kind = kind};
    sim_trace(plan.sim, is_traced);
    draw_world(&plan);
    draw_faults(&plan);
    run_schedule(&plan);
    heal(&plan);
    if (plan.kind.is_ikev1)
        begin_anew(&plan);
    check(&plan);
    bool holds = sim_end(plan.sim);
    if (!holds)
        print_replay(kind, seed);
    return holds;
}

static int run_seeds(uint64_t first, uint64_t count, struct kind_of_world kind)
{
    uint64_t failed = 0;
    for (uint64_t seed = first; seed < first + count; seed++)
        failed += !run_seed(seed, kind, false);
    printf("%llu passed, %llu failed\n", (unsigned long long)(count - failed), (unsigned long long)failed);
    return failed > 0;
}

/* How many of the arguments name kinds. */
static int take_kinds(int argument_count, char **arguments, struct kind_of_world *kind)
{
    int taken = 0;
    for (bool is_kind = true; is_kind && taken + 1 < argument_count; taken += is_kind) {
        is_kind = false;
        for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++)
            if (strcmp(arguments[taken + 1], kind_names[i].name) == 0)
                is_kind = *member_of(kind, i) = true;
    }
    return taken;
}

int main(int argument_count, char **arguments)
{
    uint64_t first = 1, count = DEFAULT_COUNT, seed = 0;
    bool is_single = false;
    struct kind_of_world kind = {0};
    int taken = take_kinds(argument_count, arguments, &kind);
    argument_count -= taken;
    arguments += taken;
    for (int i = 1; i < argument_count; i += 2) {
        char *end = NULL;
        uint64_t value = i + 1 < argument_count ? strtoull(arguments[i + 1], &end, 10) : 0;
        bool is_number = end != NULL && *end == '\0' && end != arguments[i + 1];
        if (strcmp(arguments[i], "--first") == 0 && is_number) {
            first = value;
        } else if (strcmp(arguments[i], "--count") == 0 && is_number) {
            count = value;
        } else if (strcmp(arguments[i], "--seed") == 0 && is_number) {
            seed = value;
            is_single = true;
        } else {
            fprintf(stderr, "usage: sim_random [--ikev1] [--mobile] [--leases] [--rich] [--changing] "
                            "[--first N] [--count N] | --seed N\n");
            return 2;
        }
    }
    return is_single ? !run_seed(seed, kind, true) : run_seeds(first, count, kind);
}
