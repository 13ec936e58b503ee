#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A client that does not mean well, with frames of its own:

    reflect.py spoof DEVICE MAC   questions from addresses that no client has, or in frames to
                                  a group; prints each, with what came back
    reflect.py echo DEVICE MAC    questions from ports at which an answer is taken for a question,
                                  where all that comes is sent back as it came, as by a second gate;
                                  prints after how many frames there was silence
    reflect.py bytes DEVICE MAC   a request for a name with each byte there is; prints those that
                                  stand in a page as they came, and behind them what else does

MAC is the victim's. Nothing of this needs a socket of the kernel's.
"""
import socket
import struct
import sys
import time

HERE4, HERE6 = "10.77.0.1", "2001:db8:77::1"
CLIENT4, CLIENT6 = "198.18.0.9", "2001:db8:18::9"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def ip(source, target, protocol, segment, sum_at):
    """The packet, with the segment's checksum."""
    a, b = packed(source), packed(target)
    pseudo = a + b + struct.pack("!BBH" if len(a) == 4 else "!xxBBH", 0, protocol, len(segment))
    segment = bytearray(segment)
    segment[sum_at : sum_at + 2] = struct.pack("!H", checksum(pseudo + bytes(segment)) or 0xFFFF)
    if len(a) == 16:
        return struct.pack("!IHBB", 0x60000000, len(segment), protocol, 64) + a + b + bytes(segment)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, protocol, 0) + a + b
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + bytes(segment)


def udp(source, target, sport, dport, data):
    return ip(source, target, 17, struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data, 6)


def tcp(source, target, sport, dport, seq, ack, flags, data=b""):
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 64240, 0, 0)
    return ip(source, target, 6, head + data, 16)


QUERY = bytes.fromhex("abcd01000001000000000001") + b"\3www\7foreign\7example\0\0\1\0\1" + bytes.fromhex(
    "00002904d000000000000c000a00083132333435363738"
)
INITIAL = b"\xc3\0\0\0\1\x08destinat\0\0" + bytes(1200)
REQUEST = b"GET / HTTP/1.1\r\nHost: www.foreign.example\r\n\r\n"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Wire:
    def __init__(self, device, mac):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((device, 0))
        self.own = self.socket.getsockname()[4]
        self.victim = bytes.fromhex(mac.replace(":", ""))

    def send(self, packet, to=None):
        kind = b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\0"
        self.socket.send((to or self.victim) + self.own + kind + packet)

    def come(self, wait, wanted=lambda packet: True):
        """What the victim sends within so many seconds: (source MAC, packet)."""
        out, end = [], time.monotonic() + wait
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                frame, where = self.socket.recvfrom(65535)
            except socket.timeout:
                break
            if where[2] != socket.PACKET_OUTGOING and frame[12:14] in (b"\x08\0", b"\x86\xdd") and wanted(frame[14:]):
                out.append((frame[6:12], frame[14:]))
        return out


def spoof(wire):
    questions = {"a query": (17, 53, QUERY), "a QUIC Initial": (17, 443, INITIAL), "a SYN": (6, 80, b"")}
    sources = {
        "its own address": HERE4, "nobody": "0.0.0.0", "loopback": "127.0.0.1", "a group": "224.0.0.251",
        "all": "255.255.255.255", "its own IPv6 address": HERE6, "nobody, IPv6": "::", "loopback, IPv6": "::1",
        "a group, IPv6": "ff02::fb",
    }  # fmt: skip
    groups = {"a broadcast": b"\xff" * 6, "a multicast": b"\x01\0\x5e\0\0\xfb"}
    for what, (protocol, port, data) in questions.items():

        def packet(source, target, sport=5353):
            if protocol == 17:
                return udp(source, target, sport, port, data)
            return tcp(source, target, sport, port, 1000, 0, SYN)

        for who, source in sources.items():
            wire.send(packet(source, HERE6 if ":" in source else HERE4))
            back = wire.come(0.15)
            print(f"{what} from {who}:", "nothing" if not back else f"{len(back)} frames")
        for how, mac in groups.items():
            # The host itself may answer what it heard in such a frame, by its own name.
            wire.send(packet(CLIENT4, HERE4), to=mac)
            back = [m for m, p in wire.come(0.15) if m[0] & 1]
            print(f"{what} in {how} frame:", "nothing" if not back else f"{len(back)} frames from a group")
        wire.send(packet(CLIENT4, HERE4, 5354))
        print(f"{what} from a client:", "answered" if wire.come(1) else "nothing")


def turned(packet):
    """The very packet, sent back: addresses and ports change places, sums stay right."""
    if packet[0] >> 4 == 6:
        return packet[:8] + packet[24:40] + packet[8:24] + packet[42:44] + packet[40:42] + packet[44:]
    return packet[:12] + packet[16:20] + packet[12:16] + packet[22:24] + packet[20:22] + packet[24:]


def echoed(wire, client, first):
    """How many frames came until there was silence; at most 50."""
    mine = packed(client)
    to_us = lambda p: (p[24:40] if p[0] >> 4 == 6 else p[16:20]) == mine
    wire.come(0.05)
    pending, frames = [first], 0
    while pending and frames < 50:
        wire.send(pending.pop(0))
        for _, packet in wire.come(0.3 if not pending else 0.05, to_us):
            frames += 1
            pending.append(turned(packet))
    return frames


def shaken(wire, client, server, port, sport, data):
    """A handshake, and the first data, whose answer is still to come."""
    seq = 1000
    wire.send(tcp(client, server, sport, port, seq, 0, SYN))
    at = 40 if ":" in client else 20
    for _, p in wire.come(1, lambda p: p[at + 2 : at + 4] == struct.pack("!H", sport) and p[at + 13] == SYN | ACK):
        ack = struct.unpack("!I", p[at + 4 : at + 8])[0] + 1
        wire.send(tcp(client, server, sport, port, seq + 1, ack, ACK))
        return tcp(client, server, sport, port, seq + 1, ack, PSH | ACK, data)
    raise SystemExit("no SYN-ACK")


def echo(wire):
    for client, server in ((CLIENT4, HERE4), (CLIENT6, HERE6)):
        v = "IPv6" if ":" in client else "IPv4"
        print(f"{v}, a query:", echoed(wire, client, udp(client, server, 53, 53, QUERY)))
        print(f"{v}, a QUIC Initial:", echoed(wire, client, udp(client, server, 443, 443, INITIAL)))
        print(f"{v}, a SYN:", echoed(wire, client, tcp(client, server, 80, 80, 1000, 0, SYN)))
        print(f"{v}, a request:", echoed(wire, client, shaken(wire, client, server, 80, 80, REQUEST)))
        print(f"{v}, a FIN with data:", echoed(wire, client, tcp(client, server, 80, 80, 9000, 77, FIN | PSH | ACK, REQUEST)))


def page_for(byte):
    with socket.create_connection((HERE4, 80), 5) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: q" + bytes([byte]) + b"z.example\r\nConnection: close\r\n\r\n")
        data = b""
        try:
            while more := s.recv(65535):
                data += more
        except (socket.timeout, ConnectionResetError):
            pass
    return data.partition(b"\r\n\r\n")[2]


def each_byte(wire):
    shown, others = "", set()
    for byte in range(256):
        page = page_for(byte)
        name = page.partition(b"<b>")[2].partition(b"</b>")[0]
        if not name:
            others.add("no page")
        elif name.lower() == b"q" + bytes([byte]).lower() + b"z.example":
            shown += chr(byte)
        else:
            others.add(name.decode("latin-1"))
    print(shown, sorted(others))


wire = Wire(sys.argv[2], sys.argv[3])
{"spoof": spoof, "echo": echo, "bytes": each_byte}[sys.argv[1]](wire)
