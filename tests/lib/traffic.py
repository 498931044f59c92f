"""Traffic between the sites: pings, and a TCP stream whose every byte is checked.

Run as a program it is one end of that stream: `traffic.py receive ADDRESS PORT` or `traffic.py send ADDRESS PORT BYTES`,
where 0 bytes means: until the standard input ends.
"""
import hashlib
import re
import select
import socket
import subprocess
import sys
import time

PORT = 5001
PYTHON = (sys.executable, "-I", "-S", __file__)
BLOCK = bytes(range(256)) * 256


def ping(namespace, source, target, count=3, size=56, interval=0.02, wait=2):
    """Sends count echo requests and returns how many were answered."""
    command = ["ping", "-n", "-q", "-c", count, "-i", interval, "-W", wait, "-s", size, "-I", source, target]
    _status, output = namespace.run(command, timeout=count * (interval + wait) + 10, check=False)
    answered = re.search(r"(\d+) received", output)
    return int(answered.group(1)) if answered else 0


class Stream:
    """A TCP stream from one namespace to another, in two processes of its own; size_bytes 0: until finish() is called."""

    def __init__(self, sender, receiver, address, size_bytes, port=PORT):
        from process import die_with_parent

        self.size_bytes = size_bytes
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT,
                   "preexec_fn": die_with_parent}
        self.receiver = subprocess.Popen(receiver.enter([*PYTHON, "receive", address, str(port)]), **options)
        self.receiver.stdout.readline()  # it listens
        self.sender = subprocess.Popen(
            sender.enter([*PYTHON, "send", address, str(port), str(size_bytes)]), **options)

    def finish(self, timeout):
        """Waits for both ends; the seconds that the stream took. Raises when a byte is missing or wrong."""
        from process import CheckFailed

        ends = []
        deadline = time.monotonic() + timeout
        for process in (self.sender, self.receiver):
            try:
                # communicate() closes the standard input, which ends an endless stream
                ends.append(process.communicate(timeout=max(deadline - time.monotonic(), 0.1))[0].decode().split())
            except subprocess.TimeoutExpired:
                self.stop()
                raise CheckFailed(f"a stream of {self.size_bytes} bytes did not end within {timeout} s") from None
        sent, received = ends
        if len(sent) != 2 or len(received) != 3 or sent != received[:2]:
            raise CheckFailed(f"the stream arrived changed: sent {' '.join(sent)}, received {' '.join(received)}")
        return float(received[2])

    def stop(self):
        for process in (self.sender, self.receiver):
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


def receive(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family)
    print("listening", flush=True)
    connection, _ = listener.accept()
    digest, total, start = hashlib.sha256(), 0, time.monotonic()
    while block := connection.recv(1 << 16):
        digest.update(block)
        total += len(block)
    print(digest.hexdigest(), total, f"{time.monotonic() - start:.3f}")


def send(address, port, size_bytes):
    connection = socket.create_connection((address, port), timeout=30)
    connection.settimeout(None)
    digest, sent, serial = hashlib.sha256(), 0, 0
    while sent < size_bytes if size_bytes else not select.select([sys.stdin], [], [], 0)[0]:
        block = serial.to_bytes(8, "big") + BLOCK
        block = block[:size_bytes - sent] if size_bytes else block
        connection.sendall(block)
        digest.update(block)
        sent += len(block)
        serial += 1
    connection.close()
    print(digest.hexdigest(), sent)


if __name__ == "__main__":
    if sys.argv[1] == "receive":
        receive(sys.argv[2], int(sys.argv[3]))
    else:
        send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
