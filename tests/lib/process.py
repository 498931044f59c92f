"""Commands and daemons of a test: everything has a deadline, and every daemon ends with the test that started it."""
import os
import signal
import subprocess
import time
from subprocess import TimeoutExpired

# A function to be called before exec would do as well, but then the whole interpreter is forked, which costs ten times as
# much in the virtual machine.
DIES_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}


class CheckFailed(Exception):
    """What was expected did not happen; the text says what came instead."""


def background(arguments, **options):
    """Starts a command that ends with the process that started it; the process id is its own."""
    return subprocess.Popen([*DIES_WITH_PARENT, *map(str, arguments)], **{"stdin": subprocess.DEVNULL, **options})


def run(arguments, timeout=20, check=True, given=""):
    """Runs a command to its end; (exit status, output and errors). A time-out or, with check, a failure raises.

    given is what it reads from its standard input.
    """
    command = [str(argument) for argument in arguments]
    with background(command, **PIPES) as process:
        try:
            output = process.communicate(given.encode(), timeout)[0].decode(errors="replace")
        except TimeoutExpired:
            process.kill()
            output = process.communicate()[0].decode(errors="replace")
            raise CheckFailed(f"no end after {timeout} s: {' '.join(command)}\n{output}") from None
    if check and process.returncode:
        raise CheckFailed(f"exit status {process.returncode}: {' '.join(command)}\n{output}")
    return process.returncode, output


def wait_until(condition, what, timeout=10, interval=0.05):
    """Asks until condition() is true and returns what it returned; after timeout seconds the check has failed."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise CheckFailed(f"not within {timeout} s: {what}")
        time.sleep(interval)


class Daemon:
    """A process in the background, its output in a log file; known by its process id, never by its name."""

    def __init__(self, name, arguments, log_path):
        self.name = name
        self.log_path = log_path
        with open(log_path, "ab") as log:
            self.process = background(arguments, stdout=log, stderr=log)

    def alive(self):
        return self.process.poll() is None

    def wait_ready(self, condition, timeout=30):
        def ready_or_dead():
            if not self.alive():
                raise CheckFailed(f"{self.name} ended at its start, status {self.process.returncode}:\n{self.log_tail()}")
            return condition()

        wait_until(ready_or_dead, f"{self.name} answers", timeout)

    def wait_end(self, timeout):
        """The exit status, None if it still runs."""
        try:
            return self.process.wait(timeout)
        except TimeoutExpired:
            return None

    def stop(self, timeout=10):
        """Asks, then forces; the exit status."""
        if self.alive():
            self.process.terminate()
            if self.wait_end(timeout) is None:
                self.process.kill()
        return self.process.wait()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def log_tail(self, lines=15):
        return "\n".join(self.log().splitlines()[-lines:])


def raise_exit_on_signals():
    """A test that is told to end still takes its namespaces and daemons down."""
    def leave(number, _frame):
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)


def executable(path):
    return os.access(path, os.X_OK)
