"""Public keys as the two ends of a test exchange them: SubjectPublicKeyInfo in DER, and what ipsec.conf makes of it."""
import base64
import re

RSA = bytes.fromhex("300d06092a864886f70d0101010500")
P256 = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
KEYWORDS = {"rsa": "rsasigkey", "ecdsa": "ecdsakey"}


def element(tag, content):
    size = len(content)
    length = bytes([size]) if size < 128 else (lambda octets: bytes([128 + len(octets)]) + octets)(
        size.to_bytes((size.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + length + content


def take(data):
    """(content, rest) of the first element."""
    size, at = data[1], 2
    if size >= 128:
        at += size - 128
        size = int.from_bytes(data[2:at], "big")
    return data[at:at + size], data[at + size:]


def positive(number):
    return element(2, b"\0" * (number[0] >> 7) + number)


def of_line(kind, text):
    """Out of a line that ipsec showhostkey --left prints."""
    blob = base64.b64decode(re.search(rf"left{KEYWORDS[kind]}=0s(\S+)", text).group(1))
    if kind == "ecdsa":
        return element(0x30, P256 + element(3, b"\0" + (b"\4" if len(blob) == 64 else b"") + blob))
    exponent, modulus = blob[1:1 + blob[0]], blob[1 + blob[0]:]
    return element(0x30, RSA + element(3, b"\0" + element(0x30, positive(modulus) + positive(exponent))))


def value_of(kind, spki):
    """For leftrsasigkey= (RFC 3110) and leftecdsakey= (x and y)."""
    bits = take(take(take(spki)[0])[1])[0][1:]
    if kind == "ecdsa":
        return "0s" + base64.b64encode(bits[1:]).decode()
    modulus, rest = take(take(bits)[0])
    exponent = take(rest)[0]
    return "0s" + base64.b64encode(bytes([len(exponent)]) + exponent + modulus.lstrip(b"\0")).decode()


def pem_of(spki):
    text = base64.b64encode(spki).decode()
    lines = [text[at:at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])
