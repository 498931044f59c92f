"""A gateway that is configured by ipsec.conf and ipsec.secrets and driven by whack: Styx, and Libreswan itself."""
import os
import re

import public_key
from process import Daemon, run
from tunnel import CONNECTION, FIRST_LEASE, LAST_LEASE, LEASED_DNS, USER, EstablishedSas

IKE_SA = re.compile(rf'#(\d+): "{CONNECTION}".*\((?:established IKE SA|IKE SA established|sent ModeCfg reply, expecting Ack)\)')
CHILD_SA = re.compile(rf'#(\d+): "{CONNECTION}".*\((?:established Child SA|IPsec SA established)\)')
CHILD_SPIS = re.compile(rf'#\d+: "{CONNECTION}".* (?:esp|ah)[.:]([0-9a-f]+)@\S+ (?:esp|ah)[.:]([0-9a-f]+)@')
TRAFFIC = re.compile(rf'#\d+: "{CONNECTION}".* inBytes=(\d+), outBytes=(\d+)')


def identity(name):
    """As leftid= has it: domain names with an @ before them, distinguished names in quotes, everything else as it is."""
    if "=" in name:
        return f'"{name}"'
    return f"@{name}" if name.endswith(".test") and "@" not in name else name


class LibreswanLike:
    """`start` to `stop`; every command returns (exit status, text)."""

    setup_lines = ()
    stop_seconds = 120  # a slow machine with sanitizers takes out 10 000 tunnels one by one
    revives = True  # a connection brought up by --up is brought up again when the peer deletes it
    up_line = re.compile(rf'^004 "{CONNECTION}"(?:\[\d+\] \S+)? #\d+: (?:initiator established Child SA|IPsec SA established)', re.MULTILINE)

    def __init__(self, namespace, directory, end):
        self.namespace = namespace
        self.directory = directory
        self.end = end
        self.daemon = None
        self.more_options = {}  # of the connection
        self.keys = {}  # public ones, of "left" and "right"
        self.configuration = os.path.join(directory, "ipsec.conf")
        self.secrets = os.path.join(directory, "ipsec.secrets")
        self.run_directory = os.path.join(directory, "run")
        self.control_socket = os.path.join(self.run_directory, "pluto.ctl")
        for subdirectory in ("run", "ipsec.d"):
            os.makedirs(os.path.join(directory, subdirectory), exist_ok=True)
        self.write_configuration()

    # What differs: how the daemon and its tools are called.
    def daemon_command(self):
        raise NotImplementedError

    def whack_command(self, arguments):
        raise NotImplementedError

    def load(self):
        raise NotImplementedError

    def up(self, timeout=30):
        raise NotImplementedError

    def down(self):
        raise NotImplementedError

    def write_configuration(self):
        with open(self.configuration, "w", encoding="utf-8") as file:
            file.write("config setup\n")
            file.writelines(f"    {line}\n" for line in self.setup_lines)
            if self.end.ike_version == 1:
                file.write("    ikev1-policy=accept\n")
            if self.end.tcp != "no":
                file.write("    listen-tcp=yes\n")
            file.write(f"\nconn {CONNECTION}\n")
            file.writelines(f"    {key}={value}\n" for key, value in self.connection_options().items())
        with open(self.secrets, "w", encoding="utf-8", opener=private_opener) as file:
            names = f"{identity(self.end.local_id)} {identity(self.end.remote_id)} "
            if self.end.leases or "=" in names:  # no name of several words in ipsec.secrets
                names = ""
            file.write(f'{names}: PSK "{self.end.secret}"\n')
            if self.end.xauth == "client":
                file.write(f'@{USER} : XAUTH "{self.end.password}"\n')
        if self.end.xauth == "server":
            hashed = run(["openssl", "passwd", "-6", self.end.password])[1].strip()
            with open(os.path.join(self.directory, "ipsec.d", "passwd"), "w", encoding="utf-8") as file:
                file.write(f"{USER}:{hashed}:{CONNECTION}\n")

    def connection_options(self):
        end = self.end
        options = {"left": end.local_address, "leftid": identity(end.local_id), "leftsubnet": end.local_subnet,
                   "right": end.remote_address, "rightid": identity(end.remote_id), "rightsubnet": end.remote_subnet,
                   "type": end.mode, "keyexchange": f"ikev{end.ike_version}", "authby": "secret", "ike": end.suite.ike,
                   "esp": end.suite.esp, "encapsulation": end.encapsulation, "auto": "ignore"}
        if end.protection != "esp":
            options.update({"phase2": end.protection, "ah": end.suite.ah})
        if end.protection == "ah":
            del options["esp"]
        if end.local_port:
            options.update({"leftprotoport": f"17/{end.local_port}", "rightprotoport": f"17/{end.remote_port}"})
        if end.compress:
            options["compress"] = "yes"
        if end.aggressive:
            options["aggressive"] = "yes"
        if end.xauth:
            options.update({f"leftxauth{end.xauth}": "yes",
                            "rightxauth" + ("server" if end.xauth == "client" else "client"): "yes"})
        if end.xauth == "client":
            options["leftxauthusername"] = USER
        if end.small_fragments:
            options["fragmentation"] = "force"
        if end.mobile:
            options.update({"mobike": "yes", "left": "%defaultroute"})
        if not end.pfs:
            options["pfs"] = "no"
        if end.tcp != "no":
            options["enable-tcp"] = end.tcp
        if end.lifetimes:
            options.update({"ikelifetime": f"{end.lifetimes.ike}s", "salifetime": f"{end.lifetimes.child}s",
                            "rekeymargin": f"{end.lifetimes.margin}s", "rekeyfuzz": "0%"})
        if end.proof != "secret":
            options["authby"] = {"rsa": "rsasig"}.get(end.proof, end.proof)
            options.update({f"{side}{public_key.KEYWORDS[end.proof]}": public_key.value_of(end.proof, key)
                            for side, key in self.keys.items()})
        if end.is_road_warrior or end.leases:
            options.update(self.road_warrior_options())
        options.update(self.more_options)
        return {key: value for key, value in options.items() if value is not None}

    def road_warrior_options(self):
        end = self.end
        options = {}
        if end.is_road_warrior:
            options.update({"leftmodecfgclient": "yes", "rightmodecfgserver": "yes"})
        else:
            options.update({"leftmodecfgserver": "yes", "rightmodecfgclient": "yes", "modecfgdns": LEASED_DNS,
                            "rightaddresspool": f"{FIRST_LEASE}-{LAST_LEASE}", "right": "%any"})
        if end.ike_version == 2:
            options["narrowing"] = "yes"
        elif end.pulls:
            options["modecfgpull"] = "yes"
        return options

    # Host keys: those of the NSS database in self.nss_directory.
    def tool_command(self, name, arguments):
        raise NotImplementedError

    @property
    def nss_directory(self):
        return os.path.join(self.directory, "nss")

    def make_key(self):
        """A key pair in the database; its public half."""
        tool, size = {"rsa": ("rsasigkey", ["3072"]), "ecdsa": ("ecdsasigkey", [])}[self.end.proof]
        said = run(self.tool_command(tool, ["--nssdir", self.nss_directory, *size]), timeout=60)[1]
        ckaid = re.search(r"[cC][kK][aA][iI][dD]:? ([0-9a-f]{40})", said).group(1)
        shown = run(self.tool_command("showhostkey", ["--nssdir", self.nss_directory, "--left", "--ckaid", ckaid]))[1]
        return public_key.of_line(self.end.proof, shown)

    def trust(self, own, peers):
        self.keys = {"left": own, "right": peers}
        self.write_configuration()

    def start(self):
        self.daemon = Daemon(type(self).__name__, self.daemon_command(), os.path.join(self.directory, "pluto.log"))
        self.daemon.wait_ready(lambda: os.path.exists(self.control_socket) and self.whack("--briefstatus")[0] == 0, 60)
        self.whack("--listen")
        return self.load()

    def stop(self):
        """The daemon's exit status."""
        if self.daemon.alive():
            self.whack("--shutdown", timeout=self.stop_seconds)
            self.daemon.wait_end(15)
        return self.daemon.stop()

    def whack(self, *arguments, timeout=30):
        return run(self.whack_command(arguments), timeout=timeout, check=False)

    def rekey_child(self):
        return self.whack("--rekey-ipsec", "--name", CONNECTION)

    def rekey_ike(self):
        return self.whack("--rekey-ike", "--name", CONNECTION)

    def status(self):
        return self.whack("--status")[1]

    def sas(self):
        """What is established now."""
        text = self.status()
        return EstablishedSas(ike=frozenset(IKE_SA.findall(text)), children=frozenset(CHILD_SA.findall(text)),
                              spis=frozenset(int(spi, 16) for pair in CHILD_SPIS.findall(text) for spi in pair))

    def bytes_carried(self):
        """[(in, out)] of every Child SA."""
        return [(int(inward), int(outward)) for inward, outward in TRAFFIC.findall(self.whack("--trafficstatus")[1])]

    def log(self):
        return self.daemon.log()


def private_opener(path, flags):
    return os.open(path, flags, 0o600)
