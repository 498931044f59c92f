"""What was on the wire: a capture by tcpdump, and just enough reading of it to say what kind of packets there were."""
import collections
import os
import struct

from process import Daemon

ETHERTYPE = {0x0800: "ipv4", 0x86DD: "ipv6", 0x0806: "arp"}
ICMP, TCP, UDP, ESP, AH, ICMPV6 = 1, 6, 17, 50, 51, 58
IPV6_FRAGMENT = 44
NEIGHBOUR_DISCOVERY = range(130, 138)
MLD_REPORT = 143
FRAGMENTATION_NEEDED = b"\x03\x04"
PACKET_TOO_BIG = 2
PCAP_HEADER_LENGTH = 24


class Capture:
    """tcpdump on one interface of a namespace, from __enter__ to __exit__."""

    def __init__(self, namespace, interface, path):
        self.path = path
        self.command = namespace.enter(["tcpdump", "--immediate-mode", "-Z", "root", "-U", "-n", "-s", "128",
                                        "-i", interface, "-w", path])

    def __enter__(self):
        self.daemon = Daemon("tcpdump", self.command, f"{self.path}.log")
        self.daemon.wait_ready(lambda: "listening on" in self.daemon.log())
        return self

    def __exit__(self, *_reason):
        self.stop()

    def stop(self):
        self.daemon.stop()

    def mark(self):
        """The place in the capture where we are now; packets() and kinds() can start from there."""
        return max(PCAP_HEADER_LENGTH, os.path.getsize(self.path))

    def packets(self, start=PCAP_HEADER_LENGTH):
        with open(self.path, "rb") as file:
            data = file.read()
        while start + 16 <= len(data):
            captured_length = struct.unpack_from("<I", data, start + 8)[0]
            frame = data[start + 16:start + 16 + captured_length]
            start += 16 + captured_length
            yield frame

    def kinds(self, start=PCAP_HEADER_LENGTH):
        """How many packets of each kind: ike, ike-natt, esp ..., or a word for what leaked."""
        return collections.Counter(kind_of_frame(frame) for frame in self.packets(start))

    def protected_sizes(self, start=PCAP_HEADER_LENGTH):
        """By source address, as bytes: the total length of each IPv4 packet that ESP or AH protects."""
        sizes = collections.defaultdict(list)
        for frame in self.packets(start):
            if frame[12:14] == b"\x08\x00" and kind_of_frame(frame) in PROTECTED_KINDS:
                sizes[frame[26:30]].append(struct.unpack_from(">H", frame, 16)[0])
        return sizes

    def ike_fragments(self, start=PCAP_HEADER_LENGTH):
        """The source addresses of IKE fragments (SKF payloads) in IPv4, as bytes."""
        return {frame[26:30] for frame in self.packets(start) if is_ike_fragment(frame)}

    def spis(self, start=PCAP_HEADER_LENGTH):
        """The ESP SPIs seen, as numbers."""
        return {spi for spi in map(spi_of_frame, self.packets(start)) if spi}


# What a router says about the size of our packets is no leak.
PROTECTED_KINDS = {"esp", "esp-in-udp", "esp-on-port-500", "ah", "in-tcp"}
ALLOWED_KINDS = PROTECTED_KINDS | {"ike", "ike-natt", "keepalive", "arp", "nd", "fragment-rest", "too-big"}


def ip_payload(frame):
    """(protocol, payload, is the first fragment) of an Ethernet frame's IP packet, or the name of what it is instead."""
    kind = ETHERTYPE.get(struct.unpack_from(">H", frame, 12)[0], "other-ethertype")
    packet = frame[14:]
    if kind == "ipv4":
        fragment_offset = struct.unpack_from(">H", packet, 6)[0] & 0x1FFF
        return packet[9], packet[(packet[0] & 15) * 4:], fragment_offset == 0
    if kind == "ipv6":
        protocol, payload = packet[6], packet[40:]
        if protocol == 0:  # hop-by-hop options, as MLD has
            protocol, payload = payload[0], payload[8 + payload[1] * 8:]
        if protocol == IPV6_FRAGMENT:
            return payload[0], payload[8:], struct.unpack_from(">H", payload, 2)[0] >> 3 == 0
        return protocol, payload, True
    return kind


def udp_kind(payload):
    ports = struct.unpack_from(">HH", payload)
    content = payload[8:]
    if 4500 in ports:
        if len(content) == 1 or content[:1] == b"\xff":
            return "keepalive"
        return "ike-natt" if content[:4] == bytes(4) else "esp-in-udp"
    if 500 in ports and content[:1] == b"\xff" and payload[4:6] == b"\x00\x09":
        return "keepalive"
    if 500 in ports:
        return "esp-on-port-500" if content[:8] == bytes(8) else "ike"
    return f"udp-{ports[1]}"


def kind_of_frame(frame):
    found = ip_payload(frame)
    if isinstance(found, str):
        return found
    protocol, payload, first = found
    if protocol == ICMPV6 and (payload[0] in NEIGHBOUR_DISCOVERY or payload[0] == MLD_REPORT):
        return "nd"
    if protocol == ICMP and payload[:2] == FRAGMENTATION_NEEDED or protocol == ICMPV6 and payload[0] == PACKET_TOO_BIG:
        return "too-big"
    if protocol in (UDP, ESP, AH) and not first:
        return "fragment-rest"
    if protocol == UDP:
        return udp_kind(payload)
    if protocol == TCP and 4500 in struct.unpack_from(">HH", payload):
        return "in-tcp"
    return {ESP: "esp", AH: "ah"}.get(protocol, f"ip-protocol-{protocol}")


def spi_of_frame(frame):
    kind = kind_of_frame(frame)
    if kind not in ("esp", "esp-in-udp"):
        return None
    payload = ip_payload(frame)[1]
    return struct.unpack_from(">I", payload, 8 if kind == "esp-in-udp" else 0)[0]


def is_ike_fragment(frame):
    """An SKF payload right behind the header of IKE, on port 500 or behind the marker on 4500."""
    skf, next_payload_at = 53, 16
    if frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return False
    udp = frame[14 + (frame[14] & 15) * 4:]
    ports = struct.unpack_from(">HH", udp)
    ike = udp[8:] if 500 in ports else udp[12:] if 4500 in ports and udp[8:12] == bytes(4) else b""
    return len(ike) > next_payload_at and ike[next_payload_at] == skf
