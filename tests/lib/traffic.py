"""Traffic between the sites: pings, and a TCP stream whose every byte is checked.

Run as a program it is one end of that stream, `traffic.py receive ADDRESS PORT` or `traffic.py send ADDRESS PORT BYTES`
(0 bytes: until the standard input ends), or the pings: `traffic.py ping SOURCE TARGET COUNT SIZE INTERVAL WAIT`,
or a packet as it is: `traffic.py raw HEX`,
or UDP: `traffic.py echo ADDRESS PORT` answers datagrams, `traffic.py ask SOURCE PORT TARGET PORT` prints the answer to one.
It then starts anew for each, so a role imports only what is needed.
"""
import os
import select
import socket
import struct
import sys
import time

PORT = 5001
PYTHON = (sys.executable, "-I", "-S", __file__)
BLOCK = bytes(range(256)) * 256


def ping(namespace, source, target, count=3, size=56, interval=0.02, wait=2):
    """Sends count echo requests and returns how many were answered, each within wait seconds of the last.

    Not by ping(8), which gives the last answer only two round trips of those before: too few on a busy machine.
    """
    with namespace.inside():
        echo = echo_socket(":" in target)
    with echo:
        return count_echoes(echo, source, target, count, size, interval, wait)


def ask_over_udp(asker, source, source_port, answerer, target, target_port):
    """Whether a datagram and its answer go there and back."""
    from process import PIPES, background

    echo = background(answerer.enter([*PYTHON, "echo", target, target_port]), **PIPES)
    try:
        echo.stdout.readline()  # it listens
        return asker.run([*PYTHON, "ask", source, str(source_port), target, str(target_port)], timeout=30)[1].strip() == "answered"
    finally:
        echo.kill()
        echo.communicate()


class Stream:
    """A TCP stream from one namespace to another, in two processes of its own; size_bytes 0: until finish() is called."""

    def __init__(self, sender, receiver, address, size_bytes, port=PORT):
        from process import PIPES, background

        self.size_bytes = size_bytes
        self.receiver = background(receiver.enter([*PYTHON, "receive", address, port]), **PIPES)
        self.receiver.stdout.readline()  # it listens
        self.sender = background(sender.enter([*PYTHON, "send", address, port, size_bytes]), **PIPES)

    def finish(self, timeout):
        """Waits for both ends; the seconds that the stream took. Raises when a byte is missing or wrong."""
        from process import CheckFailed, TimeoutExpired

        ends = []
        deadline = time.monotonic() + timeout
        for process in (self.sender, self.receiver):
            try:
                # communicate() closes the standard input, which ends an endless stream
                ends.append(process.communicate(timeout=max(deadline - time.monotonic(), 0.1))[0].decode().split())
            except TimeoutExpired:
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


def checksum(data):
    """RFC 1071."""
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo_request(is_ipv6, identifier, sequence, size):
    kind = 128 if is_ipv6 else 8
    body = struct.pack(">HH", identifier, sequence) + BLOCK[:size]
    sum_of_it = 0 if is_ipv6 else checksum(bytes((kind, 0, 0, 0)) + body)  # the kernel makes that of ICMPv6
    return struct.pack(">BBH", kind, 0, sum_of_it) + body


def answered_sequence(is_ipv6, packet, identifier, size):
    """The sequence number if the packet is a whole echo reply of ours."""
    message = packet if is_ipv6 else packet[(packet[0] & 15) * 4:]
    kind, _code, _checksum, its_identifier, sequence = struct.unpack_from(">BBHHH", message)
    is_ours = kind == (129 if is_ipv6 else 0) and its_identifier == identifier and message[8:] == BLOCK[:size]
    return sequence if is_ours else None


def echo_socket(is_ipv6):
    return socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_RAW,
                         socket.IPPROTO_ICMPV6 if is_ipv6 else socket.IPPROTO_ICMP)


def count_echoes(echo, source, target, count, size, interval, wait):
    is_ipv6 = ":" in target
    try:
        echo.bind((source, 0))
    except OSError:
        return 0  # a leased address that is ours no more
    echo.connect((target, 0))
    identifier = int.from_bytes(os.urandom(2), "big")
    answered, sent, next_send = set(), 0, time.monotonic()
    while len(answered) < count:
        now = time.monotonic()
        if sent < count and now >= next_send:
            try:
                echo.send(echo_request(is_ipv6, identifier, sent, size))
            except OSError:
                pass  # unreachable, or too big for the path: one that is not answered
            sent += 1
            next_send = now + (interval if sent < count else wait)
        elif now >= next_send:
            break
        if select.select([echo], [], [], max(next_send - time.monotonic(), 0))[0]:
            try:
                answered.add(answered_sequence(is_ipv6, echo.recv(65536), identifier, size))
            except OSError:
                pass
            answered.discard(None)
    return len(answered)


def receive(address, port):
    from hashlib import sha256

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, port), family=family)
    print("listening", flush=True)
    connection, _ = listener.accept()
    digest, total, start = sha256(), 0, time.monotonic()
    while block := connection.recv(1 << 16):
        digest.update(block)
        total += len(block)
    print(digest.hexdigest(), total, f"{time.monotonic() - start:.3f}")


def send(address, port, size_bytes):
    from hashlib import sha256

    connection = socket.create_connection((address, port), timeout=30)
    connection.settimeout(None)
    digest, sent, serial = sha256(), 0, 0
    while sent < size_bytes if size_bytes else not select.select([sys.stdin], [], [], 0)[0]:
        block = serial.to_bytes(8, "big") + BLOCK
        block = block[:size_bytes - sent] if size_bytes else block
        connection.sendall(block)
        digest.update(block)
        sent += len(block)
        serial += 1
    connection.close()
    print(digest.hexdigest(), sent)


def udp_socket(address, port):
    bound = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind((address, port))
    return bound


def echo(address, port):
    bound = udp_socket(address, port)
    print("listening", flush=True)
    while True:
        data, peer = bound.recvfrom(2048)
        bound.sendto(data, peer)


def ask(source, source_port, target, target_port):
    bound = udp_socket(source, source_port)
    bound.settimeout(1)
    for _ in range(5):
        bound.sendto(b"anybody there?", (target, target_port))
        try:
            if bound.recv(2048) == b"anybody there?":
                return "answered"
        except OSError:
            pass
    return "silence"


def send_raw(packet):
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))


if __name__ == "__main__":
    if sys.argv[1] == "echo":
        echo(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "ask":
        print(ask(sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5])))
    elif sys.argv[1] == "raw":
        send_raw(bytes.fromhex(sys.argv[2]))
    elif sys.argv[1] == "receive":
        receive(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "ping":
        print(count_echoes(echo_socket(":" in sys.argv[3]), sys.argv[2], sys.argv[3], *map(int, sys.argv[4:6]), *map(float, sys.argv[6:8])))
    else:
        send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
