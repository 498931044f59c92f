"""A tunnel as a test describes it, in words that no implementation owns; the adapters write it in their own language."""
import dataclasses

SHARED_SECRET = "one secret for two ends, and nobody else"
CONNECTION = "net"
USER, PASSWORD = "carol", "open sesame"
# What road warriors are leased, the first of them first, and told.
FIRST_LEASE, LAST_LEASE, LEASED_DNS = "10.66.0.10", "10.66.0.20", "10.66.0.53"


@dataclasses.dataclass(frozen=True)
class Suite:
    """One choice of algorithms, as Libreswan's ike= and esp= and as strongSwan's proposals name it."""
    ike: str
    esp: str
    strongswan_ike: str
    strongswan_esp: str
    ah: str = "sha2_256"
    strongswan_ah: str = "sha256-x25519"


SUITES = {
    "gcm": Suite("aes_gcm128-sha2_256;dh31", "aes_gcm128", "aes128gcm16-prfsha256-x25519", "aes128gcm16-x25519"),
    "gcm256": Suite("aes_gcm256-sha2_384;dh20", "aes_gcm256", "aes256gcm16-prfsha384-ecp384", "aes256gcm16-ecp384"),
    "cbc": Suite("aes256-sha2_512;dh19", "aes256-sha2_256", "aes256-sha512-ecp256", "aes256-sha256-ecp256",
                 "sha2_512", "sha512-ecp256"),
    "cbc512": Suite("aes256-sha2_512;dh19", "aes256-sha2_512", "aes256-sha512-ecp256", "aes256-sha512-ecp256", "sha1", "sha1-ecp256"),
    "chacha": Suite("chacha20_poly1305-sha2_256;dh31", "chacha20_poly1305", "chacha20poly1305-prfsha256-x25519",
                    "chacha20poly1305-x25519"),
    "modp": Suite("aes128-sha1;dh14", "aes128-sha1", "aes128-sha1-modp2048", "aes128-sha1-modp2048", "sha1", "sha1-modp2048"),
    "ctr": Suite("aes_ctr256-sha2_256;dh21", "aes_ctr128-sha2_512", "aes256ctr-sha256-ecp521", "aes128ctr-sha512-ecp521"),
    # Which of them it is depends on who chooses, and with it the PRF.
    "either": Suite("aes256-sha2_512;dh31,aes256-sha2_256;dh31", "aes_gcm128", "aes256-sha256-x25519,aes256-sha512-x25519",
                    "aes128gcm16-x25519"),
    "3des": Suite("3des-sha2_256;dh14", "3des-sha1", "3des-sha256-modp2048", "3des-sha1-modp2048"),
}


@dataclasses.dataclass(frozen=True)
class EstablishedSas:
    """What one end has: a name for each SA, another one after a rekey, and the SPIs of the Child SAs."""
    ike: frozenset
    children: frozenset
    spis: frozenset

    def is_one_tunnel(self):
        return len(self.ike) == 1 and len(self.children) == 1


@dataclasses.dataclass(frozen=True)
class Lifetimes:
    """In seconds; the margin is how long before its end an SA is rekeyed."""
    ike: int
    child: int
    margin: int


@dataclasses.dataclass(frozen=True)
class Tunnel:
    """What both ends agree on, and the far_... fields where they are made to differ."""
    suite: str = "gcm"
    outer_family: int = 4
    inner_family: int = 4
    mode: str = "tunnel"  # or "transport"
    between: str = "sites"  # or "gateways": no subnets, the two hosts alone
    encapsulation: str = "auto"
    near_behind_nat: bool = False
    old_nat_drafts: bool = False  # IKEv1: the near end, ours, knows only those of NAT traversal that stay on port 500
    far_wire_mtu: int | None = None
    lifetimes: Lifetimes | None = None
    far_suite: str | None = None
    far_secret: str | None = None
    far_believes_near_subnet: str | None = None
    ike_version: int = 2
    aggressive: bool = False  # IKEv1
    login: str | None = None  # IKEv1: "near" or "far", whose user logs in with XAUTH
    far_password: str | None = None
    proof: str = "secret"  # or "rsa", "ecdsa": raw public keys
    far_trusts_nobody: bool = False  # the far end has another public key of ours than we have
    pfs: bool = True
    protection: str = "esp"  # or "ah", or "ah+esp": AH around ESP (IKEv1)
    compress: bool = False
    mobile: bool = False  # both ends may change their address (MOBIKE)
    road_warrior: str | None = None  # "near" or "far": that end is a host without a site, leased an address by the other
    pulls: bool = True  # IKEv1 Mode Config: the road warrior asks for its address
    small_fragments: bool = False  # long identities, and both ends fragment IKE above 576 bytes
    names: tuple | None = None  # the identities of the near and the far end; "address": their addresses; else domain names
    near_port: str | None = None  # transport mode: UDP alone, from this port at the near end to 1701 at the far one, which takes any
    tcp: str = "no"  # or "yes", "fallback": what both ends initiate, and both listen

    def kind_on_the_wire(self):
        if self.old_nat_drafts:
            return "esp-on-port-500"
        if self.tcp != "no":
            return "in-tcp"
        return "esp-in-udp" if self.encapsulation == "yes" or self.near_behind_nat else self.protection.split("+", maxsplit=1)[0]


@dataclasses.dataclass(frozen=True)
class End:
    """One end's view of a tunnel; what an adapter gets."""
    suite: Suite
    mode: str
    encapsulation: str
    lifetimes: Lifetimes | None
    local_id: str
    remote_id: str
    local_address: str
    remote_address: str
    next_hop: str
    local_subnet: str | None
    remote_subnet: str | None
    secret: str
    ike_version: int
    aggressive: bool
    xauth: str | None  # "client" or "server"
    password: str
    proof: str
    pfs: bool
    protection: str
    compress: bool
    mobile: bool
    small_fragments: bool
    is_road_warrior: bool  # it asks for an address
    leases: bool  # it gives one
    pulls: bool
    tcp: str
    local_port: str | None  # of UDP, the only traffic
    remote_port: str | None


def ends_of(tunnel, network):
    """(near end, far end) of a tunnel over a network."""
    tail = "." + ".".join(letter * 60 for letter in "abc") if tunnel.small_fragments else ""

    def name_of(side):
        if tunnel.names is None:
            return f"{side.name}{tail}.test"
        name = tunnel.names[0 if side.name == "near" else 1]
        return side.wire_address(tunnel.outer_family) if name == "address" else name

    def end(local, remote):
        is_far = local.name == "far"
        between_sites = tunnel.between == "sites"
        local_subnet = local.subnet(tunnel.inner_family) if between_sites else None
        remote_subnet = remote.subnet(tunnel.inner_family) if between_sites else None
        if is_far and tunnel.far_believes_near_subnet:
            remote_subnet = tunnel.far_believes_near_subnet
        remote_address = remote.wire_address(tunnel.outer_family)
        if is_far and tunnel.near_behind_nat:
            remote_address = local.next_hop(tunnel.outer_family)
        if local.name == tunnel.road_warrior:
            local_subnet = None
        if remote.name == tunnel.road_warrior:
            remote_subnet = None
        return End(suite=SUITES[(is_far and tunnel.far_suite) or tunnel.suite],
                   mode=tunnel.mode, encapsulation=tunnel.encapsulation, lifetimes=tunnel.lifetimes,
                   local_id=name_of(local), remote_id=name_of(remote),
                   local_address=local.wire_address(tunnel.outer_family),
                   remote_address=remote_address,
                   next_hop=local.next_hop(tunnel.outer_family),
                   local_subnet=local_subnet,
                   remote_subnet=remote_subnet,
                   secret=(is_far and tunnel.far_secret) or SHARED_SECRET,
                   ike_version=tunnel.ike_version, aggressive=tunnel.aggressive, proof=tunnel.proof, pfs=tunnel.pfs,
                   protection=tunnel.protection, compress=tunnel.compress,
                   xauth=tunnel.login and ("client" if tunnel.login == local.name else "server"),
                   password=(is_far and tunnel.far_password) or PASSWORD,
                   mobile=tunnel.mobile,
                   small_fragments=tunnel.small_fragments, is_road_warrior=local.name == tunnel.road_warrior,
                   leases=remote.name == tunnel.road_warrior, pulls=tunnel.pulls, tcp=tunnel.tcp,
                   local_port=tunnel.near_port and ("1701" if is_far else tunnel.near_port),
                   remote_port=tunnel.near_port and ("%any" if is_far else "1701"))

    return end(network.near, network.far), end(network.far, network.near)
