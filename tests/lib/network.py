"""Two sites and the net between them, as network namespaces with names of their own.

    client near --- gateway near --- net --- gateway far --- client far

The gateways reach each other only through the router "net", where captures see what really is on the wire. The sites
behind them have no route to each other but the tunnel.
"""
import contextlib
import ctypes
import ipaddress
import itertools
import os

from process import run

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
counter = itertools.count(1)

WIRE = {4: {"near": ("192.0.2.1", "192.0.2.254"), "far": ("198.51.100.1", "198.51.100.254")},
        6: {"near": ("2001:db8:a::1", "2001:db8:a::ff"), "far": ("2001:db8:b::1", "2001:db8:b::ff")}}
SITE = {4: {"near": "10.1.0", "far": "10.2.0"}, 6: {"near": "fd00:1:", "far": "fd00:2:"}}
PREFIX_LENGTH = {4: 24, 6: 64}


def host_in_site(family, side, number):
    """An address in the site behind a gateway: the gateway itself is number 1, the client number 2."""
    return f"{SITE[family][side]}{'.' if family == 4 else ':'}{number}"


class Namespace:
    """A network namespace; processes enter it through `enter`."""

    def __init__(self, name):
        self.name = name

    def create(self):
        run(["ip", "netns", "add", self.name])

    def enter(self, arguments):
        return ["ip", "netns", "exec", self.name, *arguments]

    def run(self, arguments, **options):
        return run(self.enter(arguments), **options)

    @contextlib.contextmanager
    def inside(self):
        """This thread is in the namespace meanwhile, and the sockets that it makes there stay in it."""
        with open("/proc/thread-self/ns/net", encoding="ascii") as ours, open(f"/run/netns/{self.name}", encoding="ascii") as its:
            enter_namespace(its)
            try:
                yield
            finally:
                enter_namespace(ours)

    def remove(self):
        run(["ip", "netns", "delete", self.name], check=False)

    def set(self, options):
        """What sysctl(8) sets."""
        with self.inside():
            for name, value in options.items():
                with open(f"/proc/sys/{name.replace('.', '/')}", "w", encoding="ascii") as file:
                    file.write(str(value))


def enter_namespace(file):
    if libc.setns(file.fileno(), CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Side:
    """One gateway, the client behind it, and their addresses."""

    def __init__(self, name, gateway, client):
        self.name = name
        self.gateway = gateway
        self.client = client

    def wire_address(self, family=4):
        return WIRE[family][self.name][0]

    def next_hop(self, family=4):
        return WIRE[family][self.name][1]

    def gateway_inside_address(self, family=4):
        return host_in_site(family, self.name, 1)

    def client_address(self, family=4):
        return host_in_site(family, self.name, 2)

    def subnet(self, family=4):
        return str(ipaddress.ip_network(f"{host_in_site(family, self.name, 0)}/{PREFIX_LENGTH[family]}"))


class Network:
    """The five namespaces; a context manager that takes them down."""

    def __init__(self):
        self.prefix = f"styx-{os.getpid()}-{os.urandom(2).hex()}-{next(counter)}"
        self.namespaces = []
        self.net = self._namespace("net")
        self.near = self._side("near")
        self.far = self._side("far")

    def __enter__(self):
        try:
            self._create()
            for side in (self.near, self.far):
                self._address(side)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_reason):
        ip([f"netns delete {namespace.name}" for namespace in reversed(self.namespaces)], "-force", check=False)

    def _namespace(self, role):
        namespace = Namespace(f"{self.prefix}-{role}")
        self.namespaces.append(namespace)
        return namespace

    def _side(self, name):
        return Side(name, self._namespace(f"{name}-gateway"), self._namespace(f"{name}-client"))

    def _create(self):
        commands = [f"netns add {namespace.name}" for namespace in self.namespaces]
        for side in (self.near, self.far):
            commands += [f"link add {side.name} netns {self.net.name} type veth peer name wire netns {side.gateway.name}",
                         f"link add inside netns {side.gateway.name} type veth peer name inside netns {side.client.name}"]
        ip(commands)

    def _address(self, side):
        wire_commands, gateway_commands, client_commands = [], [], []
        for family, length in PREFIX_LENGTH.items():
            dad = "" if family == 4 else "nodad"
            wire_commands += [f"addr add {side.next_hop(family)}/{length} dev {side.name} {dad}"]
            gateway_commands += [f"addr add {side.wire_address(family)}/{length} dev wire {dad}",
                                 f"addr add {side.gateway_inside_address(family)}/{length} dev inside {dad}",
                                 f"route add default via {side.next_hop(family)}"]
            client_commands += [f"addr add {side.client_address(family)}/{length} dev inside {dad}",
                                f"route add default via {side.gateway_inside_address(family)}"]
        configure(self.net, [f"link set {side.name} up", "link set lo up"] + wire_commands)
        configure(side.client, ["link set lo up", "link set inside up"])
        configure(side.gateway, ["link set lo up", "link set wire up", "link set inside up"] + gateway_commands)
        configure(side.client, client_commands)
        for namespace in (self.net, side.gateway):
            namespace.set({"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1,
                           "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0})
        for namespace in (side.client, side.gateway):
            namespace.set({"net.ipv4.tcp_congestion_control": "reno"})

    def hide_near_behind_nat(self):
        """From now on the router translates the addresses and ports of what comes from the near side."""
        self.net.run(["nft", "add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; };"
                             "add rule ip nat out oifname far masquerade random"])

    def forget_nat_mappings(self):
        """The kernel drops what it masquerades by an interface that goes down."""
        configure(self.net, ["link set far down", "link set far up"])

    def move(self, side):
        """The gateway loses its address on the wire and gets another one (IPv4)."""
        old, new = f"{side.wire_address()}/24", f"{side.next_hop().rsplit('.', 1)[0]}.77/24"
        configure(side.gateway, [f"addr del {old} dev wire", f"addr add {new} dev wire",
                                 f"route replace default via {side.next_hop()}"])

    def narrow_the_far_wire(self, mtu):
        """The near gateway cannot see that the path to the far one takes smaller packets than its own link."""
        configure(self.net, [f"link set far mtu {mtu}"])
        configure(self.far.gateway, [f"link set wire mtu {mtu}"])


def configure(namespace, commands):
    """Runs many `ip` commands in a namespace at once."""
    ip(commands, "-netns", namespace.name)


def ip(commands, *options, check=True):
    run(["ip", *options, "-batch", "-"], given="".join(f"{command}\n" for command in commands), check=check)
