"""Libreswan as the far gateway, with the kernel's ESP."""
import os

import peer_tree
from libreswan_like import LibreswanLike
from process import run
from tunnel import CONNECTION

PROGRAMS = "/usr/libexec/ipsec"


class Libreswan(LibreswanLike):
    setup_lines = ("protostack=xfrm",)

    @staticmethod
    def why_unavailable():
        return peer_tree.why_unavailable("libreswan")

    def connection_options(self):
        options = {**super().connection_options(), "leftnexthop": self.end.next_hop}
        del options["keyexchange"]  # 4.10 speaks IKEv2 unless told otherwise and takes no "ikev2" here
        if self.end.ike_version == 1:
            options["ikev2"] = "no"
        return options

    def road_warrior_options(self):
        """4.10 asks for everything to be narrowed only if told so."""
        options = super().road_warrior_options()
        if self.end.is_road_warrior and self.end.ike_version == 2:
            options["leftsubnet"] = "0.0.0.0/0"
        return options

    def command(self, arguments):
        return self.namespace.enter(peer_tree.in_tree("libreswan", arguments))

    def daemon_command(self):
        path = os.path.join
        return self.command([f"{PROGRAMS}/pluto", "--config", self.configuration, "--nofork", "--stderrlog", "--rundir",
                             self.run_directory, "--nssdir", path(self.directory, "nss"), "--ipsecdir",
                             path(self.directory, "ipsec.d"), "--secretsfile", self.secrets])

    def whack_command(self, arguments):
        return self.command([f"{PROGRAMS}/whack", "--ctlsocket", self.control_socket, *arguments])

    def tool_command(self, name, arguments):
        return self.command([f"{PROGRAMS}/{name}", *arguments])

    def make_database(self):
        if not os.path.isdir(self.nss_directory):
            os.makedirs(self.nss_directory)
            run(self.command(["certutil", "-N", "-d", f"sql:{self.nss_directory}", "--empty-password"]))

    def make_key(self):
        self.make_database()
        return super().make_key()

    def start(self):
        self.make_database()
        return super().start()

    def load(self):
        status, output = run(self.command([f"{PROGRAMS}/addconn", "--config", self.configuration, "--ctlsocket",
                                           self.control_socket, "--verbose", CONNECTION]), check=False)
        return status, output

    def up(self, timeout=30):
        return self.whack("--initiate", "--name", CONNECTION, timeout=timeout)

    def down(self):
        return self.whack("--terminate", "--name", CONNECTION)

    @staticmethod
    def faults():
        return []
