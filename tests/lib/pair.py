"""Two Styx gateways and the networks behind them, as a system check wants them."""
import os
import tempfile

from network import Network
from process import CheckFailed
from styx import Styx
from traffic import ping
from tunnel import Tunnel, ends_of


class Pair:
    """Both gateways of one tunnel, started, from __enter__ to __exit__."""

    def __init__(self, kind=Styx, **tunnel):
        self.kind = kind
        self.tunnel = Tunnel(**tunnel)

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="styx-system-")
        self.network = Network()
        self.network.__enter__()
        self.started = []
        try:
            near_end, far_end = ends_of(self.tunnel, self.network)
            self.near = self.gateway(self.network.near, near_end)
            self.far = self.gateway(self.network.far, far_end)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def gateway(self, side, end):
        directory = os.path.join(self.directory.name, side.name)
        os.makedirs(directory)
        gateway = self.kind(side.gateway, directory, end)
        self.started.append(gateway)
        status, output = gateway.start()
        expect(status == 0, f"auto --add on {side.name}: {status}: {output}")
        return gateway

    def __exit__(self, kind, *_rest):
        faults = []
        for gateway in self.started:
            if gateway.daemon:
                gateway.stop()
                faults += gateway.faults()
        self.network.__exit__()
        self.directory.cleanup()
        if faults and kind is None:
            raise CheckFailed("; ".join(faults))

    def up(self):
        status, output = self.near.up()
        expect(status == 0, f"auto --up: exit status {status}: {output}")
        return output

    def pings(self, count=5, **options):
        near, far = self.network.near, self.network.far
        answered = ping(near.client, near.client_address(), far.client_address(), count=count, **options)
        expect(answered == count, f"{answered} of {count} pings answered")


def expect(condition, what):
    if not condition:
        raise CheckFailed(what)
