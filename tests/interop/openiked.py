"""OpenIKED as the far gateway: iked driven by ikectl, on the kernel's ESP, of which it is told by PF_KEY."""
import os
import re

import peer_tree
from process import Daemon, run
from tunnel import EstablishedSas

IKE_SA = re.compile(r"^iked_sas: \S+ rspi (0x\w+) ispi (0x\w+) .* ESTABLISHED ", re.MULTILINE)
CHILD_SA = re.compile(r"^  sa_childsas: \S+ ESP (0x\w+) (in|out) .* \(L", re.MULTILINE)
KERNEL_SA = re.compile(r"proto esp spi (0x\w+).*?lifetime current:\s+(\d+)\(bytes\)", re.DOTALL)
USER = "_iked"

# It runs as a user of its own in an empty directory, and wants a private key whatever it uses.
ACCOUNTS = {"passwd": "{user}:x:64999:64999::{directory}/empty:/usr/sbin/nologin\n", "group": "{user}:x:64999:\n"}
WITH_ETC = 'mount -t overlay -o lowerdir="$1":/etc etc /etc && shift && exec "$@"'

CONFIGURATION = """
set nomobike
set {fragmentation}
ikev2 "net" {mode} {tmode} esp from {local} to {remote} \\
    local {end.local_address} peer {end.remote_address} \\
    ikesa {ike} \\
    childsa {esp} noesn \\
    srcid {end.local_id} dstid {end.remote_id} \\
    {lifetimes} psk "{end.secret}"
"""

# By strongSwan's names, as the other adapters have them.
IKE_WORDS = {"aes256-sha512-ecp256": "enc aes-256 auth hmac-sha2-512 prf hmac-sha2-512 group ecp256",
             "aes128gcm16-prfsha256-x25519": "enc aes-128-gcm prf hmac-sha2-256 group curve25519",
             "aes128-sha1-modp2048": "enc aes-128 auth hmac-sha1 prf hmac-sha1 group modp2048"}
ESP_WORDS = {"aes256-sha512-ecp256": "enc aes-256 auth hmac-sha2-512 group ecp256",
             "aes128-sha1-modp2048": "enc aes-128 auth hmac-sha1 group modp2048"}


class OpenIked:
    """`start` to `stop`; every command returns (exit status, text)."""

    revives = False
    up_line = re.compile("")  # it begins by itself when it is told to be active, and says nothing

    @staticmethod
    def why_unavailable():
        return peer_tree.why_unavailable("openiked")

    def __init__(self, namespace, directory, end):
        self.namespace = namespace
        self.directory = directory
        self.end = end
        self.daemon = None
        self.control_socket = os.path.join(directory, "iked.sock")
        self.prepare_etc()
        self.configurations = {mode: self.configure(mode) for mode in ("passive", "active")}

    def prepare_etc(self):
        etc = os.path.join(self.directory, "etc")
        for name in ("private", "ca", "certs", "crls", *(f"pubkeys/{kind}" for kind in ("ipv4", "ipv6", "fqdn", "ufqdn"))):
            os.makedirs(os.path.join(etc, "iked", name))
        os.mkdir(os.path.join(self.directory, "empty"))
        for name, line in ACCOUNTS.items():
            with open(os.path.join("/etc", name), encoding="utf-8") as file:
                accounts = file.read()
            self.write(os.path.join("etc", name), accounts + line.format(user=USER, directory=self.directory), 0o644)
        key = os.path.join(etc, "iked", "private", "local.key")
        run(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key])

    def configure(self, mode):
        end = self.end
        lifetimes = f"ikelifetime {end.lifetimes.ike} lifetime {end.lifetimes.child}" if end.lifetimes else ""
        return self.write(f"iked-{mode}.conf", CONFIGURATION.format(
            end=end, mode=mode, tmode=end.mode, local=end.local_subnet or end.local_address, lifetimes=lifetimes,
            remote=end.remote_subnet or end.remote_address, ike=IKE_WORDS[end.suite.strongswan_ike],
            esp=ESP_WORDS[end.suite.strongswan_esp], fragmentation="fragmentation" if end.small_fragments else "nofragmentation"))

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8", opener=lambda file, flags: os.open(file, flags, mode)) as file:
            file.write(text)
        return path

    def command(self, arguments):
        inside = ["sh", "-c", WITH_ETC, "sh", os.path.join(self.directory, "etc"), *arguments]
        return self.namespace.enter(peer_tree.in_tree("openiked", inside))

    def start(self):
        command = self.command(["iked", "-d", "-v", "-v", "-s", self.control_socket, "-f", self.configurations["passive"]])
        self.daemon = Daemon("iked", command, os.path.join(self.directory, "iked.log"))
        self.daemon.wait_ready(lambda: os.path.exists(self.control_socket) and self.ikectl("show", "sa")[0] == 0)
        return 0, ""

    def stop(self):
        return self.daemon.stop()

    def ikectl(self, *arguments):
        return run(self.command(["ikectl", "-s", self.control_socket, *arguments]), timeout=20, check=False)

    def up(self):
        return self.ikectl("load", self.configurations["active"])

    def down(self):
        return self.ikectl("reset", "id", self.end.remote_id)

    def status(self):
        return self.ikectl("show", "sa")[1]

    def sas(self):
        """What is established now."""
        text = self.status()
        spis = {way: [int(spi, 16) for spi, found in CHILD_SA.findall(text) if found == way] for way in ("in", "out")}
        return EstablishedSas(ike=frozenset(IKE_SA.findall(text)), children=frozenset(zip(spis["in"], spis["out"])),
                              spis=frozenset(spis["in"] + spis["out"]))

    def bytes_carried(self):
        """[(in, out)] of every Child SA, as the kernel has counted them."""
        counted = {int(spi, 16): int(size) for spi, size in
                   KERNEL_SA.findall(run(self.namespace.enter(["ip", "-s", "xfrm", "state"]))[1])}
        return [(counted.get(inward, 0), counted.get(outward, 0)) for inward, outward in self.sas().children]

    def log(self):
        return self.daemon.log()

    @staticmethod
    def faults():
        return []
