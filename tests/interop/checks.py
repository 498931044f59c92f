"""The steps of a scenario: each takes the two gateways on their network and raises CheckFailed when it is not so."""
import re

import traffic
from capture import ALLOWED_KINDS, PROTECTED_KINDS
from process import CheckFailed, wait_until
from tunnel import FIRST_LEASE, EstablishedSas

PINGS = 5
SETTLE_SECONDS = 15
REFUSAL_SECONDS = 8
ENDLESS = 0


class World:
    """Two running gateways, the network between them and the capture of the wire."""

    def __init__(self, network, tunnel, near, far, capture, bulk_bytes):
        self.network = network
        self.tunnel = tunnel
        self.gateways = {"near": near, "far": far}
        self.capture = capture
        self.bulk_bytes = bulk_bytes
        self.sealed_since = None

    def both(self):
        return self.gateways.items()

    def traffic_ends(self):
        """(namespace, address) of the two hosts whose packets belong into the tunnel."""
        family = self.tunnel.inner_family if self.tunnel.between == "sites" else self.tunnel.outer_family
        if self.tunnel.between == "sites":
            return [(side.gateway, FIRST_LEASE) if side.name == self.tunnel.road_warrior else
                    (side.client, side.client_address(family)) for side in (self.network.near, self.network.far)]
        return [(side.gateway, side.wire_address(family)) for side in (self.network.near, self.network.far)]


def last_lines(text, count=6):
    return "\n    ".join([""] + text.strip().splitlines()[-count:])


def command(world, who, name):
    """Runs a command of a gateway, which must succeed."""
    status, output = getattr(world.gateways[who], name)()
    if status:
        raise CheckFailed(f"{name} by the {who} end: exit status {status}{last_lines(output)}")
    return output


def wait_for_sas(gateway, condition, what):
    """The SAs of a gateway as soon as they satisfy the condition."""
    def satisfied():
        now = gateway.sas()
        return now if condition(now) else None

    return wait_until(satisfied, what, SETTLE_SECONDS, 0.1)


def establish(who):
    """One end brings the tunnel up; both ends then have one IKE SA and one Child SA and agree on its SPIs."""
    def step(world):
        output = command(world, who, "up")
        if not world.gateways[who].up_line.search(output):
            raise CheckFailed(f"up by the {who} end does not report its success{last_lines(output)}")
        spis = {wait_for_sas(gateway, EstablishedSas.is_one_tunnel, f"one IKE SA and one Child SA at the {name} end").spis
                for name, gateway in world.both()}
        if len(spis) != 1:
            raise CheckFailed(f"the ends disagree on the SPIs: {spis}")
        world.sealed_since = world.capture.mark()

    return named(step, f"establish by {who}")


def know_old_nat_drafts_only(world):
    """Our end, as devices do that have not been renewed since 2001."""
    status, output = world.gateways["near"].whack("--impair", "old_natt_drafts")
    if status:
        raise CheckFailed(f"exit status {status}{last_lines(output)}")


def on_demand(world):
    """Our end waits for packets; the very first brings the tunnel up and is answered. Once more after --down."""
    (near, near_address), (_far, far_address) = world.traffic_ends()
    command(world, "near", "route")
    if world.gateways["near"].sas().ike:
        raise CheckFailed("something is established without a packet")
    world.sealed_since = world.capture.mark()
    for _ in range(2):
        if traffic.ping(near, near_address, far_address, 1, wait=10) != 1:
            raise CheckFailed("the first ping was not answered")
        for name, gateway in world.both():
            wait_for_sas(gateway, EstablishedSas.is_one_tunnel, f"one IKE SA and one Child SA at the {name} end")
        ping(world)
        command(world, "near", "down")
        wait_for_sas(world.gateways["far"], lambda now: not now.ike, "no SA left at the far end")


def ping(world):
    """Both sites reach each other; the first packets may wait for the neighbour's address but none may be lost."""
    (near, near_address), (far, far_address) = world.traffic_ends()
    for source, source_address, target_address in ((near, near_address, far_address), (far, far_address, near_address)):
        answered = traffic.ping(source, source_address, target_address, PINGS)
        if answered != PINGS:
            raise CheckFailed(f"{answered} of {PINGS} pings answered from {source_address} to {target_address}")


def l2tp(world):
    """UDP from the near end's port to 1701 at the far one, and back."""
    (near, near_address), (far, far_address) = world.traffic_ends()
    if not traffic.ask_over_udp(near, near_address, int(world.tunnel.near_port), far, far_address, 1701):
        raise CheckFailed(f"no answer from {far_address} port 1701")


def move(who):
    """The gateway of one end has another address: the same IKE SA goes on from there."""
    def step(world):
        before = {name: gateway.sas() for name, gateway in world.both()}
        (near, near_address), (_far, far_address) = world.traffic_ends()
        world.network.move(getattr(world.network, who))
        wait_until(lambda: traffic.ping(near, near_address, far_address, 1) == 1, "pings after the move", SETTLE_SECONDS, 0.1)
        for name, gateway in world.both():
            if gateway.sas().ike != before[name].ike:
                raise CheckFailed(f"the {name} end has another IKE SA: {before[name]} became {gateway.sas()}")

    return named(step, f"{who} moves")


def ping_from_gateway(world):
    """The gateways themselves may use the tunnel with their inside address."""
    family = world.tunnel.inner_family
    near, far = world.network.near, world.network.far
    for source, target in ((near, far), (far, near)):
        if traffic.ping(source.gateway, source.gateway_inside_address(family), target.client_address(family), 2) != 2:
            raise CheckFailed(f"no ping from the {source.name} gateway to the {target.name} client")


def large_pings(world):
    """Packets of the size of the inside links: they need two ESP packets' room, or fragments, on the way."""
    (near, near_address), (_far, far_address) = world.traffic_ends()
    answered = traffic.ping(near, near_address, far_address, 4, size=3000)
    if answered < 3:  # the first one may be answered by "fragmentation needed"
        raise CheckFailed(f"{answered} of 4 pings of 3000 bytes answered")


def bulk(world):
    """A TCP stream each way; every byte arrives."""
    ends = world.traffic_ends()
    for sender, receiver in (ends, reversed(ends)):
        traffic.Stream(sender[0], receiver[0], receiver[1], world.bulk_bytes).finish(60)


def bulk_outwards(world):
    """A TCP stream from the near end, which the far one could not find behind its NAT."""
    (sender, _), (receiver, address) = world.traffic_ends()
    traffic.Stream(sender, receiver, address, world.bulk_bytes).finish(60)


def counted(world):
    """Both ends count the bytes of the stream that `bulk` has sent, in both directions."""
    for name, gateway in world.both():
        def has_counted():
            carried = gateway.bytes_carried()
            return len(carried) == 1 and min(carried[0]) > world.bulk_bytes

        wait_until(has_counted, f"the {name} end has counted more than {world.bulk_bytes} bytes each way", SETTLE_SECONDS)


def bulk_across(*steps):
    """A TCP stream that goes on while the steps are done."""
    def step(world):
        (sender, _address), (receiver, address) = world.traffic_ends()
        stream = traffic.Stream(sender, receiver, address, ENDLESS)
        try:
            for inner in steps:
                inner(world)
            stream.finish(60)
        finally:
            stream.stop()

    return named(step, f"bulk across {', '.join(inner.__name__ for inner in steps)}")


def rekey_child(who):
    """One end rekeys the Child SA: afterwards both have exactly one, another one, and the IKE SA is the same."""
    return rekey(who, "rekey_child", child_changes=True, ike_changes=False)


def rekey_ike(who):
    """One end rekeys the IKE SA: afterwards both have exactly one, another one, with the same Child SA."""
    return rekey(who, "rekey_ike", child_changes=False, ike_changes=True)


def rekey(who, action, child_changes, ike_changes):
    def step(world):
        before = {name: gateway.sas() for name, gateway in world.both()}
        command(world, who, action)
        for name, gateway in world.both():
            def settled(now, old=before[name]):
                return (now.is_one_tunnel() and (now.ike != old.ike) == ike_changes
                        and now.spis.isdisjoint(old.spis) == child_changes)

            wait_for_sas(gateway, settled, f"one IKE SA and one Child SA, rekeyed, at the {name} end")

    return named(step, f"{action} by {who}")


def lifetimes_rekey(child_rekeys, seconds):
    """Nobody commands; in so many seconds the Child SA is rekeyed at least so often, and pings go on without loss."""
    def step(world):
        (near, near_address), (_far, far_address) = world.traffic_ends()
        count = int(seconds / 0.2)
        answered = traffic.ping(near, near_address, far_address, count, interval=0.2)
        seen = world.capture.spis(world.sealed_since)
        if answered != count:
            raise CheckFailed(f"{answered} of {count} pings answered while the SAs were rekeyed")
        # Two for each SA; of the newest, one direction may not have been used yet.
        expected = 2 * child_rekeys + 1
        if len(seen) < expected:
            raise CheckFailed(f"{len(seen)} SPIs on the wire in {seconds} s, expected {expected} or more")

    return named(step, f"{child_rekeys} rekeys by lifetime")


def delete(who):
    """One end takes the tunnel down; the other hears of it, and nothing goes through any more."""
    def step(world):
        command(world, who, "down")
        for name, gateway in world.both():
            wait_for_sas(gateway, lambda now: not now.ike and not now.children, f"no SA left at the {name} end")
        (near, near_address), (_far, far_address) = world.traffic_ends()
        if world.tunnel.between == "sites" and traffic.ping(near, near_address, far_address, 1, wait=1):
            raise CheckFailed("a ping was answered after the tunnel had been deleted")

    return named(step, f"delete by {who}")


def delete_is_revived(who):
    """One end takes down what the other has brought up and wants up: that one brings it up again, if it is of that kind."""
    def step(world):
        (wanting, gateway), = ((name, gateway) for name, gateway in world.both() if name != who)
        before = gateway.sas()
        command(world, who, "down")
        if not gateway.revives:
            return
        wait_for_sas(gateway, lambda now: now.is_one_tunnel() and now.spis.isdisjoint(before.spis),
                     f"another tunnel at the {wanting} end")
        for name, either in world.both():
            wait_for_sas(either, EstablishedSas.is_one_tunnel, f"one tunnel at the {name} end")
        ping(world)

    return named(step, f"delete by {who} is revived")


def refused(who, cause):
    """The tunnel does not come up, no Child SA is left at either end, and both name the cause."""
    def step(world):
        try:
            status, output = world.gateways[who].up(timeout=REFUSAL_SECONDS)
        except CheckFailed as still_trying:
            status, output = 1, str(still_trying)
        if status == 0 and who == "near":  # Libreswan's own exit status is 0 when only the Child SA failed
            raise CheckFailed(f"up succeeded{last_lines(output)}")
        for name, gateway in world.both():
            wait_for_sas(gateway, lambda now: not now.children, f"no Child SA at the {name} end")
            said = gateway.log() + (output if name == who else "")
            if not re.search(cause, said):
                raise CheckFailed(f"the {name} end does not say {cause}{last_lines(said)}")

    return named(step, f"refused with {cause}")


def sealed(world):
    """Since the tunnel came up nothing has been on the wire but IKE and what the tunnel is made of, and of that there was
    some."""
    world.capture.stop()
    kinds = world.capture.kinds(world.sealed_since)
    leaked = {kind: count for kind, count in kinds.items() if kind not in ALLOWED_KINDS}
    if leaked:
        raise CheckFailed(f"not only IKE and IPsec on the wire: {leaked}")
    expected = world.tunnel.kind_on_the_wire()
    if not kinds[expected]:
        raise CheckFailed(f"no {expected} on the wire: {dict(kinds)}")
    if any(kinds[other] for other in PROTECTED_KINDS - {expected}):
        raise CheckFailed(f"packets of the wrong protocol or encapsulation: {dict(kinds)}")


def compressed(world):
    """Pings that shrink are small on the wire, those of either end."""
    (near, near_address), (_far, far_address) = world.traffic_ends()
    start = world.capture.mark()
    if traffic.ping(near, near_address, far_address, PINGS, size=1200) != PINGS:
        raise CheckFailed("pings that shrink were lost")
    sizes = wait_until(lambda: len(world.capture.protected_sizes(start)) == 2 and world.capture.protected_sizes(start),
                       "packets of both ends on the wire", SETTLE_SECONDS)
    if max(max(seen) for seen in sizes.values()) > 900:
        raise CheckFailed(f"not compressed: {dict(sizes)}")


def fragmented(world):
    """Both ends have sent IKE fragments."""
    senders = world.capture.ike_fragments()
    if len(senders) != 2:
        raise CheckFailed(f"{len(senders)} of the two ends have sent IKE fragments")


def found_by_ike_scan(world):
    """ike-scan --ikev2, run beside the far gateway, gets an IKE_SA_INIT response from the near one."""
    near, far = world.network.near, world.network.far
    _status, output = far.gateway.run(["ike-scan", "--ikev2", "--sport=0", "--retry=2", near.wire_address()], check=False)
    if not re.search(r"IKE_SA_INIT|[1-9] returned (handshake|notify)", output):
        raise CheckFailed(f"ike-scan found nothing:{last_lines(output)}")


def found_by_ike_scan_v1(expected, *arguments):
    """ike-scan, run beside the far gateway, gets the handshake that it asks the near one for."""
    def step(world):
        near, far = world.network.near, world.network.far
        _status, output = far.gateway.run(["ike-scan", "--sport=0", "--retry=2", *arguments, near.wire_address()], check=False)
        if expected not in output:
            raise CheckFailed(f"ike-scan does not say {expected}:{last_lines(output)}")

    return named(step, f"ike-scan {arguments[0]}")


def named(step, name):
    step.__name__ = name
    return step
