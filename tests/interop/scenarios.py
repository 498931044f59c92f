"""The table of what is tried with every stranger: the tunnel, then the steps. `near` is us, `far` the stranger.

The same table serves the host (strongSwan's userspace ESP, always in UDP) and a kernel with ESP (raw ESP unless said).
"""
import dataclasses

from checks import (bulk, bulk_across, bulk_outwards, compressed, counted, delete, delete_is_revived, establish, found_by_ike_scan,
                    found_by_ike_scan_v1, fragmented, know_old_nat_drafts_only, l2tp, large_pings, lifetimes_rekey, move, on_demand, ping, ping_from_gateway, refused,
                    rekey_child, rekey_ike, sealed)
from tunnel import Lifetimes, Tunnel

EVERY_PEER = ("strongswan-userspace", "strongswan", "libreswan")
KERNEL_PEERS = ("strongswan", "libreswan")
# The virtual machine is slow: what concerns IKE alone is tried with each IKE daemon once, what concerns ESP alone with
# each kind of ESP once.
EACH_IKE = ("strongswan-userspace", "libreswan")
EACH_ESP = ("strongswan-userspace", "strongswan")
KERNEL_ESP = ("strongswan",)
# OpenIKED has no command to rekey, and on Linux cannot carry IPv6 in IPv4.
OPENIKED_TOO = (*EVERY_PEER, "openiked")
EACH_IKE_AND_OPENIKED = (*EACH_IKE, "openiked")

# How the two programs name the reason of a refusal.
WRONG_SECRET = "AUTHENTICATION_FAILED|AUTH_FAILED"
NO_PROPOSAL = "NO_PROPOSAL_CHOSEN|NO_PROP"
NO_SELECTORS = "TS_UNACCEPT|compatible Traffic Selectors"


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    steps: tuple
    tunnel: Tunnel = Tunnel()
    peers: tuple = EVERY_PEER


AH = Tunnel(protection="ah")
V1 = Tunnel(ike_version=1, suite="cbc")
V1_LOGIN = dataclasses.replace(V1, login="near")
V1_AGGRESSIVE = Tunnel(ike_version=1, suite="modp", aggressive=True)

SCENARIOS = (
    Scenario("we-initiate", (establish("near"), ping, ping_from_gateway, bulk, counted, large_pings, sealed), peers=OPENIKED_TOO),
    Scenario("we-respond", (establish("far"), ping, ping_from_gateway, bulk, counted, large_pings, sealed), peers=OPENIKED_TOO),

    Scenario("on-demand", (on_demand, sealed)),

    # Not sealed: the router may say that the old address is gone.
    Scenario("we-move", (establish("near"), move("near"), ping, rekey_ike("near"), rekey_child("far"), ping),
             Tunnel(mobile=True), peers=EACH_ESP),
    Scenario("peer-moves", (establish("far"), move("far"), ping, rekey_ike("far"), rekey_child("near"), ping),
             Tunnel(mobile=True), peers=EACH_ESP),

    Scenario("we-rekey-child", (establish("near"), rekey_child("near"), ping, rekey_child("near"), ping, sealed), peers=EACH_IKE_AND_OPENIKED),
    Scenario("we-rekey-child-as-responder", (establish("far"), rekey_child("near"), ping, sealed), peers=EACH_IKE_AND_OPENIKED),
    Scenario("peer-rekeys-child", (establish("near"), rekey_child("far"), ping, rekey_child("far"), ping, sealed), peers=EACH_IKE),
    Scenario("we-rekey-ike", (establish("near"), rekey_ike("near"), ping, rekey_ike("near"), rekey_child("near"), ping,
                              sealed), peers=EACH_IKE_AND_OPENIKED),
    Scenario("peer-rekeys-ike", (establish("near"), rekey_ike("far"), ping, rekey_ike("far"), rekey_child("far"), ping,
                                 sealed), peers=EACH_IKE),
    Scenario("rekeys-by-turns", (establish("far"), rekey_ike("near"), rekey_child("far"), rekey_ike("far"),
                                 rekey_child("near"), ping, sealed)),
    Scenario("rekeys-where-preferences-differ", (establish("far"), rekey_ike("near"), rekey_ike("far"), rekey_child("near"), ping,
                                                 sealed), Tunnel(suite="either"), peers=("strongswan-userspace",)),
    Scenario("rekeys-under-load", (establish("near"), bulk_across(rekey_child("near"), rekey_child("far"),
                                                                  rekey_ike("near")), sealed)),
    Scenario("rekeys-by-lifetime", (establish("near"), lifetimes_rekey(2, 11), sealed),
             Tunnel(lifetimes=Lifetimes(ike=60, child=6, margin=2)), peers=EACH_IKE),

    Scenario("we-delete", (establish("near"), ping, delete("near"), establish("near"), ping), peers=EACH_IKE_AND_OPENIKED),
    Scenario("peer-deletes", (establish("far"), ping, delete("far"), establish("near"), ping), peers=EACH_IKE),
    Scenario("peer-deletes-what-we-want-up", (establish("near"), ping, delete_is_revived("far")), peers=EACH_IKE),

    Scenario("wrong-secret-we-initiate", (refused("near", WRONG_SECRET),),
             Tunnel(far_secret="another secret"), peers=EACH_IKE),
    Scenario("wrong-secret-peer-initiates", (refused("far", WRONG_SECRET),),
             Tunnel(far_secret="another secret"), peers=EACH_IKE),
    Scenario("no-common-proposal-we-initiate", (refused("near", NO_PROPOSAL),), Tunnel(far_suite="cbc"), peers=EACH_IKE),
    Scenario("no-common-proposal-peer-initiates", (refused("far", NO_PROPOSAL),), Tunnel(far_suite="cbc"), peers=("strongswan-userspace",)),
    Scenario("foreign-selectors-we-initiate", (refused("near", NO_SELECTORS),),
             Tunnel(far_believes_near_subnet="10.77.0.0/24"), peers=EACH_IKE),
    Scenario("foreign-selectors-peer-initiates", (refused("far", NO_SELECTORS),),
             Tunnel(far_believes_near_subnet="10.77.0.0/24"), peers=EACH_IKE),

    Scenario("suite-gcm256", (establish("near"), ping, rekey_child("far"), ping, sealed), Tunnel(suite="gcm256"), peers=EACH_ESP),
    Scenario("suite-cbc", (establish("far"), ping, rekey_child("near"), ping, sealed), Tunnel(suite="cbc")),
    Scenario("suite-chacha", (establish("near"), ping, rekey_ike("far"), ping, sealed), Tunnel(suite="chacha")),
    Scenario("suite-modp-sha1", (establish("far"), ping, rekey_child("far"), ping, sealed), Tunnel(suite="modp"), peers=EACH_ESP),
    Scenario("suite-ctr", (establish("near"), ping, sealed), Tunnel(suite="ctr"), peers=EACH_ESP),
    Scenario("suite-3des", (establish("near"), ping, sealed), Tunnel(suite="3des"), KERNEL_PEERS),

    Scenario("small-fragments", (establish("near"), ping, rekey_ike("near"), rekey_ike("far"), ping, delete("near"),
                                 establish("far"), ping, sealed, fragmented), Tunnel(small_fragments=True), peers=EACH_IKE),

    Scenario("behind-nat", (establish("near"), ping, bulk, rekey_child("far"), rekey_ike("near"), rekey_ike("far"), ping,
                            sealed), Tunnel(near_behind_nat=True)),

    Scenario("narrow-path", (establish("near"), ping, bulk, large_pings, sealed), Tunnel(far_wire_mtu=1350)),

    Scenario("udp-we-initiate", (establish("near"), ping, bulk, rekey_child("far"), rekey_ike("near"), ping, sealed),
             Tunnel(encapsulation="yes"), KERNEL_PEERS),
    Scenario("udp-we-respond", (establish("far"), ping, bulk, rekey_child("near"), rekey_ike("far"), ping, sealed),
             Tunnel(encapsulation="yes"), KERNEL_PEERS),
    # Not in bulk: a stream through espintcp stalls on the kernel of the virtual machine, whoever speaks IKE.
    Scenario("tcp-we-initiate", (establish("near"), ping, rekey_child("far"), rekey_ike("near"), ping, sealed),
             Tunnel(tcp="yes"), ("libreswan",)),
    Scenario("tcp-we-respond", (establish("far"), ping, rekey_child("near"), rekey_ike("far"), ping, sealed),
             Tunnel(tcp="yes"), ("libreswan",)),
    Scenario("transport-we-initiate", (establish("near"), ping, bulk, rekey_child("near"), ping, sealed),
             Tunnel(mode="transport", between="gateways"), KERNEL_PEERS),
    Scenario("transport-we-respond", (establish("far"), ping, bulk, rekey_child("far"), ping, sealed),
             Tunnel(mode="transport", between="gateways"), KERNEL_PEERS),
    Scenario("transport-behind-nat", (establish("near"), bulk_outwards, rekey_child("near"), bulk_outwards,
             rekey_child("far"), bulk_outwards, sealed),
             Tunnel(mode="transport", between="gateways", near_behind_nat=True), ("strongswan", "styx")),
    Scenario("host-to-host", (establish("near"), ping, bulk, sealed), Tunnel(between="gateways"), KERNEL_ESP),
    Scenario("ipv6-in-ipv6", (establish("near"), ping, bulk, rekey_child("far"), ping, sealed),
             Tunnel(outer_family=6, inner_family=6), KERNEL_PEERS),
    Scenario("ipv6-in-ipv4", (establish("far"), ping, bulk, sealed), Tunnel(inner_family=6), KERNEL_PEERS),
    Scenario("ipv4-in-ipv6", (establish("near"), ping, bulk, sealed), Tunnel(outer_family=6), KERNEL_ESP),

    Scenario("ikev1-we-initiate", (establish("near"), ping, bulk, counted, sealed), V1),
    Scenario("ikev1-we-respond", (establish("far"), ping, bulk, counted, sealed), V1),
    Scenario("ikev1-aggressive-we-initiate", (establish("near"), ping, sealed), V1_AGGRESSIVE),
    Scenario("ikev1-aggressive-we-respond", (establish("far"), ping, sealed), V1_AGGRESSIVE),
    Scenario("ikev1-without-pfs", (establish("near"), ping, sealed),
             Tunnel(ike_version=1, suite="modp", pfs=False), peers=EACH_IKE),
    Scenario("ikev1-3des", (establish("far"), ping, sealed), Tunnel(ike_version=1, suite="3des"), KERNEL_PEERS),
    Scenario("ikev1-on-demand", (on_demand, sealed), V1, peers=EACH_IKE),
    Scenario("ikev1-we-delete", (establish("near"), ping, delete("near"), establish("near"), ping), V1, peers=EACH_IKE),
    Scenario("ikev1-peer-deletes", (establish("far"), ping, delete("far"), establish("near"), ping), V1, peers=EACH_IKE),
    Scenario("ikev1-we-rekey-child", (establish("near"), rekey_child("near"), ping, sealed), V1, peers=EACH_IKE),
    Scenario("ikev1-peer-rekeys-child", (establish("near"), rekey_child("far"), ping, sealed), V1,
             peers=("strongswan-userspace",)),
    Scenario("ikev1-we-rekey-ike", (establish("near"), rekey_ike("near"), ping, rekey_child("near"), ping, sealed), V1,
             peers=EACH_IKE),
    Scenario("ikev1-rekeys-by-lifetime", (establish("near"), lifetimes_rekey(2, 24), sealed),
             dataclasses.replace(V1, lifetimes=Lifetimes(ike=60, child=10, margin=3)), peers=EACH_IKE),
    Scenario("ikev1-behind-nat", (establish("near"), ping, bulk, sealed), dataclasses.replace(V1, near_behind_nat=True)),
    Scenario("ikev1-aggressive-behind-nat", (establish("near"), ping, sealed),
             dataclasses.replace(V1_AGGRESSIVE, near_behind_nat=True), peers=EACH_IKE),
    # No stranger here is as old as these drafts.
    Scenario("ikev1-behind-nat-on-port-500", (know_old_nat_drafts_only, establish("near"), ping, bulk, large_pings,
                                              rekey_child("near"), rekey_ike("near"), ping, sealed),
             dataclasses.replace(V1, near_behind_nat=True, old_nat_drafts=True), peers=("styx",)),
    Scenario("ikev1-aggressive-behind-nat-on-port-500", (know_old_nat_drafts_only, establish("near"), ping, sealed),
             dataclasses.replace(V1_AGGRESSIVE, near_behind_nat=True, old_nat_drafts=True), peers=("styx",)),
    Scenario("ikev1-transport", (establish("near"), ping, sealed),
             dataclasses.replace(V1, mode="transport", between="gateways"), KERNEL_PEERS),
    Scenario("ikev1-l2tp", (establish("near"), l2tp, sealed),
             dataclasses.replace(V1, mode="transport", between="gateways", near_port="1701"), KERNEL_PEERS),
    Scenario("ikev1-l2tp-from-any-port-behind-nat", (establish("near"), l2tp, sealed),
             dataclasses.replace(V1, mode="transport", between="gateways", near_port="50001", near_behind_nat=True), KERNEL_PEERS),
    Scenario("ikev1-named-by-mail", (establish("near"), ping, delete("near"), establish("far"), ping, sealed),
             dataclasses.replace(V1, names=("near@mail.test", "far@mail.test")), peers=EACH_IKE),
    Scenario("ikev1-named-by-distinguished-name", (establish("near"), ping, delete("near"), establish("far"), ping, sealed),
             dataclasses.replace(V1, names=("C=CH, O=test, CN=near", "C=CH, O=test, CN=far")), peers=EACH_IKE),
    Scenario("ikev1-named-by-key-id", (establish("near"), ping, delete("near"), establish("far"), ping, sealed),
             dataclasses.replace(V1, names=("@#6e656172", "@#666172")), peers=EACH_IKE),
    Scenario("ikev1-named-by-address", (establish("near"), ping, delete("near"), establish("far"), ping, sealed),
             dataclasses.replace(V1, names=("address", "address")), peers=EACH_IKE),
    Scenario("ikev1-aggressive-named-by-key-id", (establish("near"), ping, delete("near"), establish("far"), ping, sealed),
             dataclasses.replace(V1_AGGRESSIVE, names=("@#6e656172", "address")), peers=EACH_IKE),
    Scenario("ikev1-ipv6", (establish("near"), ping, delete("near"), establish("far"), ping, sealed),
             dataclasses.replace(V1, outer_family=6, inner_family=6, names=("address", "address")), peers=KERNEL_ESP),
    Scenario("ikev1-no-common-group-in-aggressive-mode", (refused("near", NO_PROPOSAL),),
             dataclasses.replace(V1_AGGRESSIVE, far_suite="cbc"), peers=EACH_IKE),
    Scenario("ikev1-no-common-proposal", (refused("near", NO_PROPOSAL),),
             dataclasses.replace(V1, far_suite="modp"), peers=EACH_IKE),
    Scenario("ikev1-foreign-selectors", (refused("near", "INVALID_ID|NO_PROP|no connection is known|no matching CHILD"),),
             dataclasses.replace(V1, far_believes_near_subnet="10.77.0.0/24"), peers=EACH_IKE),

    Scenario("xauth-we-are-client", (establish("near"), ping, rekey_ike("near"), rekey_child("near"), ping, sealed),
             V1_LOGIN, peers=EACH_IKE),
    Scenario("xauth-we-are-server", (establish("far"), ping, sealed), dataclasses.replace(V1, login="far"), peers=EACH_IKE),
    Scenario("xauth-aggressive-we-are-client", (establish("near"), ping, sealed),
             dataclasses.replace(V1_AGGRESSIVE, login="near"), peers=EACH_IKE),
    Scenario("xauth-aggressive-we-are-server", (establish("far"), ping, sealed),
             dataclasses.replace(V1_AGGRESSIVE, login="far"), peers=EACH_IKE),
    Scenario("xauth-rsa-we-are-client", (establish("near"), ping, rekey_ike("near"), rekey_child("near"), ping, sealed),
             dataclasses.replace(V1_LOGIN, proof="rsa"), peers=EACH_IKE),
    Scenario("xauth-rsa-we-are-server", (establish("far"), ping, sealed),
             dataclasses.replace(V1, login="far", proof="rsa"), peers=EACH_IKE),
    Scenario("xauth-rsa-wrong-password-we-are-server", (refused("far", "XAuth authentication .* failed|XAUTH: aborting|Authentication Failed"),),
             dataclasses.replace(V1, login="far", proof="rsa", far_password="wrong"), peers=EACH_IKE),
    Scenario("xauth-behind-nat", (establish("near"), ping, sealed), dataclasses.replace(V1_LOGIN, near_behind_nat=True),
             peers=EACH_IKE),
    Scenario("xauth-wrong-password-we-are-client", (refused("near", "XAUTH: aborting|XAuth authentication .* failed|Authentication Failed"),),
             dataclasses.replace(V1_LOGIN, far_password="wrong"), peers=EACH_IKE),
    Scenario("xauth-wrong-password-we-are-server", (refused("far", "XAuth authentication .* failed|XAUTH: aborting|Authentication Failed"),),
             dataclasses.replace(V1, login="far", far_password="wrong"), peers=EACH_IKE),

    Scenario("ikev1-ike-scan-main", (found_by_ike_scan_v1("Main Mode Handshake returned", "--trans=7/256,6,1,19"),), V1,
             peers=("strongswan-userspace",)),
    Scenario("ikev1-ike-scan-aggressive",
             (found_by_ike_scan_v1("Aggressive Mode Handshake returned", "--aggressive", "--id=far.test", "--idtype=2",
                                   "--dhgroup=14", "--trans=7/128,2,1,14"),), V1_AGGRESSIVE, peers=("strongswan-userspace",)),

    Scenario("ah-we-initiate", (establish("near"), ping, bulk, large_pings, rekey_child("near"), ping, sealed), AH, KERNEL_PEERS),
    # Not with Libreswan 4.10: what it sends to delete the AH SA that it has rekeyed names no SA of ours.
    Scenario("ah-peer-rekeys", (establish("near"), ping, rekey_child("far"), ping, sealed), AH, KERNEL_ESP),
    Scenario("ah-we-respond", (establish("far"), ping, bulk, rekey_child("near"), ping, sealed), AH, KERNEL_PEERS),
    Scenario("ah-sha2-512", (establish("near"), ping, sealed), Tunnel(protection="ah", suite="cbc"), KERNEL_PEERS),
    Scenario("ah-transport", (establish("near"), ping, bulk, sealed),
             Tunnel(protection="ah", mode="transport", between="gateways"), KERNEL_PEERS),
    Scenario("ah-ipv6", (establish("far"), ping, bulk, sealed), Tunnel(protection="ah", outer_family=6, inner_family=6), KERNEL_ESP),
    Scenario("compress-we-initiate", (establish("near"), ping, compressed, bulk, rekey_child("near"), compressed, sealed),
             Tunnel(compress=True), KERNEL_PEERS),
    Scenario("compress-we-respond", (establish("far"), ping, compressed, bulk, rekey_child("far"), compressed, sealed),
             Tunnel(compress=True), KERNEL_PEERS),
    Scenario("compress-in-udp", (establish("near"), ping, compressed, bulk, sealed),
             Tunnel(compress=True, encapsulation="yes"), KERNEL_ESP),
    Scenario("compress-transport", (establish("near"), ping, compressed, sealed),
             Tunnel(compress=True, mode="transport", between="gateways"), KERNEL_PEERS),
    Scenario("compress-with-ah", (establish("near"), ping, compressed, bulk, sealed), Tunnel(compress=True, protection="ah"), KERNEL_PEERS),
    Scenario("ikev1-ah", (establish("near"), ping, bulk, rekey_child("near"), ping, sealed),
             dataclasses.replace(V1, protection="ah"), KERNEL_PEERS),
    # No stranger here does both.
    Scenario("ikev1-ah-around-esp", (establish("near"), ping, bulk, rekey_child("near"), ping, sealed),
             dataclasses.replace(V1, protection="ah+esp"), peers=("styx",)),
    Scenario("ikev1-everything", (establish("far"), ping, compressed, bulk, rekey_child("far"), compressed, sealed),
             dataclasses.replace(V1, protection="ah+esp", compress=True), peers=("styx",)),
    Scenario("ikev1-ah-we-respond", (establish("far"), ping, delete("far"), establish("near"), ping, sealed),
             dataclasses.replace(V1, protection="ah"), KERNEL_PEERS),
    Scenario("ikev1-compress-we-initiate", (establish("near"), ping, compressed, rekey_child("near"), compressed, sealed),
             dataclasses.replace(V1, compress=True), KERNEL_PEERS),
    Scenario("ikev1-compress-transport", (establish("near"), ping, compressed, sealed),
             dataclasses.replace(V1, compress=True, mode="transport", between="gateways"), KERNEL_PEERS),
    Scenario("ikev1-compress-with-ah", (establish("near"), ping, compressed, sealed),
             dataclasses.replace(V1, compress=True, protection="ah"), KERNEL_PEERS),
    Scenario("ikev1-compress", (establish("far"), ping, compressed, bulk, sealed), dataclasses.replace(V1, compress=True), KERNEL_PEERS),
    Scenario("we-are-leased", (establish("near"), ping, rekey_child("near"), rekey_ike("near"), ping, delete("near"),
                               establish("near"), ping, sealed), Tunnel(road_warrior="near"), EACH_IKE),
    Scenario("we-lease", (establish("far"), ping, rekey_child("far"), rekey_ike("far"), ping, delete("far"), establish("far"),
                          ping, sealed), Tunnel(road_warrior="far"), EACH_IKE),
    Scenario("ikev1-we-pull", (establish("near"), ping, rekey_child("near"), ping, delete("near"), establish("near"), ping,
                               sealed), dataclasses.replace(V1, road_warrior="near"), EACH_IKE),
    Scenario("ikev1-peer-pulls", (establish("far"), ping, delete("far"), establish("far"), ping, sealed),
             dataclasses.replace(V1, road_warrior="far"), EACH_IKE),
    # Libreswan 4.10 pushes, and takes what is pushed, only after XAUTH.
    Scenario("ikev1-peer-pushes", (establish("near"), ping, sealed),
             dataclasses.replace(V1, road_warrior="near", pulls=False), peers=("strongswan-userspace",)),
    Scenario("ikev1-we-push", (establish("far"), ping, sealed), dataclasses.replace(V1, road_warrior="far", pulls=False),
             peers=("strongswan-userspace",)),

    Scenario("ikev1-login-and-pull", (establish("near"), ping, delete("near"), establish("near"), ping, sealed),
             dataclasses.replace(V1, login="near", road_warrior="near"), EACH_IKE),
    Scenario("ikev1-login-and-push", (establish("near"), ping, sealed),
             dataclasses.replace(V1, login="near", road_warrior="near", pulls=False), EACH_IKE),
    Scenario("ikev1-peer-logs-in-and-pulls", (establish("far"), ping, delete("far"), establish("far"), ping, sealed),
             dataclasses.replace(V1, login="far", road_warrior="far"), EACH_IKE),
    Scenario("ikev1-peer-logs-in-and-is-pushed", (establish("far"), ping, sealed),
             dataclasses.replace(V1, login="far", road_warrior="far", pulls=False), peers=("strongswan-userspace",)),

    Scenario("rsa-we-initiate", (establish("near"), ping, rekey_ike("far"), ping, sealed), Tunnel(proof="rsa"), peers=EACH_IKE),
    Scenario("rsa-we-respond", (establish("far"), ping, rekey_ike("near"), ping, sealed), Tunnel(proof="rsa"), peers=EACH_IKE),
    Scenario("ecdsa-we-initiate", (establish("near"), ping, sealed), Tunnel(proof="ecdsa"), peers=EACH_IKE),
    Scenario("ecdsa-we-respond", (establish("far"), ping, sealed), Tunnel(proof="ecdsa"), peers=EACH_IKE),
    Scenario("rsa-wrong-key", (refused("near", WRONG_SECRET),), Tunnel(proof="rsa", far_trusts_nobody=True), peers=EACH_IKE),
    Scenario("ikev1-rsa-we-initiate", (establish("near"), ping, sealed), dataclasses.replace(V1, proof="rsa"), peers=EACH_IKE),
    Scenario("ikev1-rsa-we-respond", (establish("far"), ping, sealed), dataclasses.replace(V1, proof="rsa"), peers=EACH_IKE),
    Scenario("ikev1-aggressive-rsa", (establish("near"), ping, delete("near"), establish("far"), ping, sealed),
             dataclasses.replace(V1_AGGRESSIVE, proof="rsa"), peers=EACH_IKE),

    Scenario("ike-scan", (found_by_ike_scan,), peers=("strongswan-userspace",)),
)
