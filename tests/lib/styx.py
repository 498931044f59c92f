"""The gateway under test. $STYX_BUILD names the build directory; without it, build/ in the tree."""
import os
import re
import signal

from libreswan_like import LibreswanLike
from process import executable, run
from tunnel import CONNECTION

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SANITIZER = re.compile(r"ERROR: (?:Address|Leak)Sanitizer.*|.*runtime error:.*|.*Assertion .* failed.*")


def ipsec():
    return os.path.join(os.environ.get("STYX_BUILD") or os.path.join(TREE, "build"), "ipsec")


def keep_little_freed_memory():
    """AddressSanitizer holds freed memory back to find its use, which would look like growth."""
    options = os.environ.get("ASAN_OPTIONS", "")
    os.environ["ASAN_OPTIONS"] = f"{options}:quarantine_size_mb=1:thread_local_quarantine_size_kb=64".lstrip(":")


class Styx(LibreswanLike):
    setup_lines = ("protostack=userspace",)

    @staticmethod
    def why_unavailable():
        return None if executable(ipsec()) else f"{ipsec()} is not built"

    def daemon_command(self):
        return self.namespace.enter([ipsec(), "pluto", "--config", self.configuration, "--nofork", "--stderrlog",
                                     "--rundir", self.run_directory, "--secretsfile", self.secrets, "--nssdir",
                                     self.nss_directory, "--ipsecdir",
                                     os.path.join(self.directory, "ipsec.d")])

    def tool_command(self, name, arguments):
        return [ipsec(), name, *arguments]

    def make_key(self):
        if not os.path.isdir(self.nss_directory):
            os.makedirs(self.nss_directory)
            run([ipsec(), "initnss", "--nssdir", self.nss_directory])
        return super().make_key()

    def whack_command(self, arguments):
        return self.namespace.enter([ipsec(), "whack", "--rundir", self.run_directory, *arguments])

    def auto(self, *arguments, timeout=30):
        return run(self.namespace.enter([ipsec(), "auto", "--config", self.configuration, "--ctlsocket",
                                         self.control_socket, *arguments]), timeout=timeout, check=False)

    def load(self):
        return self.auto("--add", CONNECTION)

    def up(self, timeout=30):
        return self.auto("--up", CONNECTION, timeout=timeout)

    def route(self):
        return self.auto("--route", CONNECTION)

    def down(self):
        return self.auto("--down", CONNECTION)

    def faults(self):
        """What a sanitizer or an assertion said, and a death by a signal; empty when all is well. After stop()."""
        found = SANITIZER.findall(self.log())[:3]
        status = self.daemon.process.returncode
        if status is not None and status < 0 and status != -signal.SIGTERM:
            found.append(f"pluto died by {signal.Signals(-status).name}")
        return found


class KernelStyx(Styx):
    """On the kernel's ESP."""
    setup_lines = ("protostack=xfrm",)
    left = ()

    def stop(self):
        status = super().stop()
        listed = [(kind, run(self.namespace.enter(["ip", "xfrm", kind]), check=False)[1].strip())
                  for kind in ("state", "policy")] + [
                      ("interface", run(self.namespace.enter(["ip", "-o", "link", "show", "type", "xfrm"]), check=False)[1].strip())]
        self.left = [f"left in the kernel, {kind}: {text[:200]}" for kind, text in listed if text]
        return status

    def faults(self):
        """Its log has to say that the kernel's IPsec was used, and nothing may stay in the kernel."""
        unused = [] if "using the kernel's IPsec" in self.log() else ["the kernel's IPsec was not used"]
        return super().faults() + unused + list(self.left)


class PfkeyStyx(KernelStyx):
    """On the kernel's ESP by PF_KEY."""
    setup_lines = ("protostack=pfkey",)
    # Linux's af_key has no AEADs, and of SHA2-256 the draft's 96 bits.
    suites = {"gcm": "cbc512", "gcm256": "cbc512", "cbc": "cbc512", "chacha": "cbc512"}


class InterfaceStyx(KernelStyx):
    """On the kernel's ESP, through an interface of its own."""

    def connection_options(self):
        return {**super().connection_options(), "ipsec-interface": "1"}
