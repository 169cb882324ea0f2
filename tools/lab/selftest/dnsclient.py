"""A DNS client of a few lines: raw sockets, no cache, no mercy."""
import os
import socket
import struct

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28, "TLSA": 52}
NAMES = {v: k for k, v in TYPES.items()}


def put_name(name):
    out = b""
    for label in name.strip(".").split("."):
        if label:
            out += bytes([len(label)]) + label.encode()
    return out + b"\0"


def get_name(p, at):
    labels, end, jumps = [], None, 0
    while True:
        n = p[at]
        if n >= 0xC0:
            if end is None:
                end = at + 2
            at = (n & 0x3F) << 8 | p[at + 1]
            jumps += 1
            if jumps > 20:
                raise ValueError("pointer loop")
            continue
        if n == 0:
            return ".".join(labels) or ".", (at + 1 if end is None else end)
        labels.append(p[at + 1:at + 1 + n].decode())
        at += 1 + n


def query(name, qtype, ident, edns=True):
    head = struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, 1 if edns else 0)
    opt = b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0) if edns else b""
    return head + put_name(name) + struct.pack(">HH", TYPES[qtype], 1) + opt


class Answer:
    def __init__(self, p):
        self.raw = p
        (self.id, flags, qd, an, ns, _) = struct.unpack(">HHHHHH", p[:12])
        self.rcode, self.tc, self.ad = flags & 15, bool(flags & 0x200), bool(flags & 0x20)
        at = 12
        self.question = None
        for _ in range(qd):
            self.question, at = get_name(p, at)
            at += 4
        self.answers, at = self.records(p, at, an)
        self.authority, at = self.records(p, at, ns)

    @staticmethod
    def records(p, at, count):
        out = []
        for _ in range(count):
            owner, at = get_name(p, at)
            kind, _, ttl, n = struct.unpack(">HHIH", p[at:at + 10])
            at += 10
            data = p[at:at + n]
            value = data.hex()
            if kind == 1:
                value = socket.inet_ntop(socket.AF_INET, data)
            elif kind == 28:
                value = socket.inet_ntop(socket.AF_INET6, data)
            elif kind == 5:
                value = get_name(p, at)[0]
            elif kind == 15:
                value = "%d %s" % (struct.unpack(">H", data[:2])[0], get_name(p, at + 2)[0])
            elif kind == 16:
                value, rest = "", data
                while rest:
                    value += rest[1:1 + rest[0]].decode()
                    rest = rest[1 + rest[0]:]
            out.append((owner, NAMES.get(kind, kind), ttl, value))
            at += n
        return out, at


def ask_raw(port, name, qtype, timeout=1.0, edns=True):
    """Every packet that comes within the time, and the id that was sent."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(timeout)
    ident = struct.unpack(">H", os.urandom(2))[0]
    s.sendto(query(name, qtype, ident, edns), ("127.0.0.1", port))
    try:
        yield ident
        while True:
            yield s.recv(65535)
            s.settimeout(0.2)
    except socket.timeout:
        return
    finally:
        s.close()


def ask(port, name, qtype, edns=True):
    packets = ask_raw(port, name, qtype, 5.0, edns)
    ident = next(packets)
    packet = next(packets, None)
    packets.close()
    assert packet, "no answer for %s %s" % (name, qtype)
    answer = Answer(packet)
    assert answer.id == ident
    return answer


def ask_tcp(port, name, qtype):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
        q = query(name, qtype, 77)
        s.sendall(struct.pack(">H", len(q)) + q)
        f = s.makefile("rb")
        n = struct.unpack(">H", f.read(2))[0]
        return Answer(f.read(n))
