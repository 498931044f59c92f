"""strongSwan as the far gateway: charon-systemd driven by swanctl, with its userspace ESP or with the kernel's."""
import os
import re

import peer_tree
import public_key
from process import Daemon, run
from tunnel import CONNECTION, FIRST_LEASE, LAST_LEASE, LEASED_DNS, USER, EstablishedSas

PLUGINS = ("random nonce aesni openssl aes sha1 sha2 hmac kdf gcm ctr chapoly curve25519 "
           "pem pkcs1 pkcs8 pubkey kernel-libipsec kernel-netlink socket-default vici updown xauth-generic")
IKE_SA = re.compile(rf"^{CONNECTION}: #\d+, ESTABLISHED, IKEv[12], (\w+)_i\*? (\w+)_r", re.MULTILINE)
CHILD_SA = re.compile(rf"^  {CONNECTION}: #\d+, reqid \d+, INSTALLED,.*\n(?:    .*\n)*?"
                      r"    in  (\w+).*\n    out (\w+)", re.MULTILINE)
TRAFFIC = re.compile(r"^    in  \w+, +(\d+) bytes.*\n    out \w+, +(\d+) bytes", re.MULTILINE)

DAEMON_CONFIGURATION = """
charon-systemd {{
    load = {plugins}
    filelog {{
        log {{
            path = {directory}/charon.log
            default = 1
            flush_line = yes
        }}
    }}
    i_dont_care_about_security_and_use_aggressive_mode_psk = yes
    delete_rekeyed = yes
    {fragment_size}
    plugins {{
        kernel-libipsec {{
            load = {userspace}
        }}
        vici {{
            socket = unix://{directory}/vici
        }}
    }}
}}
"""

CONNECTIONS = """
connections {{
    {connection} {{
        version = {end.ike_version}
        aggressive = {aggressive}
        local_addrs = {local_address}
        remote_addrs = {end.remote_address}
        proposals = {end.suite.strongswan_ike}
        encap = {encapsulation}
        mobike = {mobike}
        {road_warrior}
        fragmentation = {fragmentation}
        {ike_lifetimes}
        local {{
            {local_proof}
            id = "{end.local_id}"
        }}
        remote {{
            {remote_proof}
            id = "{end.remote_id}"
        }}
        {xauth}
        children {{
            {connection} {{
                local_ts = {local_ts}
                remote_ts = {remote_ts}
                mode = {end.mode}
                {proposals}
                ipcomp = {ipcomp}
                {child_lifetimes}
            }}
        }}
    }}
}}
{pools}
secrets {{
    ike {{
        id-near = "{end.local_id}"
        id-far = "{end.remote_id}"
        secret = "{end.secret}"
    }}
    xauth {{
        id = {user}
        secret = "{end.password}"
    }}
}}
"""


class StrongSwan:
    """`start` to `stop`; every command returns (exit status, text)."""

    userspace = False
    revives = False
    up_line = re.compile("initiate completed successfully")

    @staticmethod
    def why_unavailable():
        return peer_tree.why_unavailable("strongswan")

    def __init__(self, namespace, directory, end):
        self.namespace = namespace
        self.directory = directory
        self.end = end
        self.daemon = None
        self.proofs = {"local_proof": "auth = psk", "remote_proof": "auth = psk"}
        self.write("strongswan.conf", DAEMON_CONFIGURATION.format(
            plugins=PLUGINS, directory=directory, userspace="yes" if self.userspace else "no",
            fragment_size="fragment_size = 576" if end.small_fragments else ""))
        self.write_connections()

    def write_connections(self):
        end = self.end
        self.write("swanctl.conf", CONNECTIONS.format(
            connection=CONNECTION, end=end, mobike="yes" if end.mobile else "no",
            local_address="%any" if end.mobile else end.local_address, fragmentation="force" if end.small_fragments else "yes", proposals=self.child_proposals(), ipcomp="yes" if end.compress else "no", aggressive="yes" if end.aggressive else "no", encapsulation="yes" if end.encapsulation == "yes" else "no",
            user=USER, xauth=self.xauth(), **self.road_warrior(), local_ts=(end.local_subnet or "dynamic") + self.port(end.local_port), remote_ts=(end.remote_subnet or "dynamic") + self.port(end.remote_port), **self.lifetimes(),
            **self.proofs))

    @staticmethod
    def port(port):
        return "" if port is None else "[udp]" if port == "%any" else f"[udp/{port}]"

    def xauth(self):
        if self.end.xauth is None:
            return ""
        return (f"local-xauth {{ auth = xauth\n xauth_id = {USER}\n }}" if self.end.xauth == "client" else
                "remote-xauth { auth = xauth\n }")

    def child_proposals(self):
        """Without a group there is no perfect forward secrecy."""
        proposal = self.end.suite.strongswan_ah if self.end.protection == "ah" else self.end.suite.strongswan_esp
        return f"{self.end.protection}_proposals = {proposal if self.end.pfs else proposal.rsplit('-', 1)[0]}"

    def road_warrior(self):
        end = self.end
        lines = [] if end.pulls else ["pull = no"]
        if end.is_road_warrior:
            lines.append("vips = 0.0.0.0")
        if end.leases:
            lines.append("pools = road")
        pools = f"pools {{\n    road {{\n        addrs = {FIRST_LEASE}-{LAST_LEASE}\n        dns = {LEASED_DNS}\n    }}\n}}"
        return {"road_warrior": "\n        ".join(lines), "pools": pools if end.leases else ""}

    def write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def make_key(self):
        """A key pair in a file; its public half."""
        kind = {"rsa": ["genrsa", "-out", "{}", "3072"],
                "ecdsa": ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "{}"]}
        for name in ("private", "pubkey"):
            os.makedirs(os.path.join(self.directory, name), exist_ok=True)
        private = os.path.join(self.directory, "private", "own.pem")
        run(["openssl", *(word.format(private) for word in kind[self.end.proof])])
        public = os.path.join(self.directory, "own.der")
        run(["openssl", "pkey", "-in", private, "-pubout", "-outform", "DER", "-out", public])
        with open(public, "rb") as file:
            return file.read()

    def trust(self, own, peers):
        self.write("pubkey/own.pem", public_key.pem_of(own))
        self.write("pubkey/peer.pem", public_key.pem_of(peers))
        self.proofs = {"local_proof": "auth = pubkey\n            pubkeys = own.pem",
                       "remote_proof": "auth = pubkey\n            pubkeys = peer.pem"}
        self.write_connections()

    def lifetimes(self):
        times = self.end.lifetimes
        if not times:
            return {"ike_lifetimes": "", "child_lifetimes": ""}
        return {"ike_lifetimes": f"rekey_time = {times.ike - times.margin}s\n        over_time = {times.margin}s\n"
                                 "        rand_time = 0s",
                "child_lifetimes": f"rekey_time = {times.child - times.margin}s\n                "
                                   f"life_time = {times.child}s\n                rand_time = 0s"}

    def command(self, arguments):
        environment = ["env", f"STRONGSWAN_CONF={self.directory}/strongswan.conf", f"SWANCTL_DIR={self.directory}"]
        return self.namespace.enter(peer_tree.in_tree("strongswan", environment + arguments))

    def start(self):
        self.daemon = Daemon("charon", self.command(["charon-systemd"]), os.path.join(self.directory, "charon.out"))
        self.daemon.wait_ready(lambda: os.path.exists(f"{self.directory}/vici") and self.swanctl("--stats")[0] == 0)
        return self.swanctl("--load-all", "--noprompt", "--file", f"{self.directory}/swanctl.conf")

    def stop(self):
        return self.daemon.stop()

    def swanctl(self, *arguments, timeout=40):
        return run(self.command(["swanctl", *arguments, "--uri", f"unix://{self.directory}/vici"]), timeout=timeout,
                   check=False)

    def up(self, timeout=30):
        return self.swanctl("--initiate", "--child", CONNECTION, "--timeout", timeout, timeout=timeout + 10)

    def down(self):
        return self.swanctl("--terminate", "--ike", CONNECTION)

    def rekey_child(self):
        return self.swanctl("--rekey", "--child", CONNECTION)

    def rekey_ike(self):
        return self.swanctl("--rekey", "--ike", CONNECTION)

    def status(self):
        return self.swanctl("--list-sas")[1]

    def sas(self):
        """What is established now."""
        text = self.status()
        children = CHILD_SA.findall(text)
        return EstablishedSas(ike=frozenset(IKE_SA.findall(text)), children=frozenset(children),
                              spis=frozenset(int(spi, 16) for pair in children for spi in pair))

    def bytes_carried(self):
        """[(in, out)] of every Child SA."""
        return [(int(inward), int(outward)) for inward, outward in TRAFFIC.findall(self.status())]

    def log(self):
        try:
            with open(os.path.join(self.directory, "charon.log"), encoding="utf-8", errors="replace") as log:
                return log.read()
        except OSError:
            return self.daemon.log()

    @staticmethod
    def faults():
        return []


class UserspaceStrongSwan(StrongSwan):
    """With the plugin kernel-libipsec: always ESP in UDP, because it makes the peer believe in a NAT; tunnel mode only."""

    userspace = True
