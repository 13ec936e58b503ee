# SPDX-License-Identifier: GPL-2.0-or-later
"""A long and bad way between two network namespaces, played by a process: what one
tun device sends arrives at the other, later or never.

	path.py CLIENTS_NETNS ROUTERS_NETNS SEED OPTION=VALUE...

	delay=MS	each way
	jitter=MS	up to so much later, each packet by itself: they overtake each other
	loss=PERCENT	of all packets, both ways
	reorder=PERCENT	of the packets come 60 ms later than the rest
	lose=synack	each visit's first SYN-ACK
	lose=data	each visit's first segment with data

What becomes of a packet depends on the seed, its visit's number (the client's port
modulo 100), its direction and how many of that direction came before it, and on
nothing else: a second run with the same seed meets the same path. Prints "ready".
Devices: t0 in the clients' namespace, r0 in the router's.
"""
import ctypes
import fcntl
import hashlib
import heapq
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000
CLONE_NEWNET = 0x40000000
SYN, ACK = 2, 16


def tun(netns, name):
    """A tun device in that namespace, which this process enters for it."""
    ns = os.open(f"/run/netns/{netns}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(ns, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"setns to {netns}")
    os.close(ns)
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def tcp_of(packet):
    """Ports, flags and length of the data; None if it is no TCP."""
    if packet[0] >> 4 == 4:
        at, protocol, end = (packet[0] & 15) * 4, packet[9], int.from_bytes(packet[2:4], "big")
    else:
        at, protocol, end = 40, packet[6], 40 + int.from_bytes(packet[4:6], "big")
    if protocol != 6 or len(packet) < at + 20:
        return None
    sport, dport = struct.unpack_from(">HH", packet, at)
    return sport, dport, packet[at + 13], end - at - (packet[at + 12] >> 4) * 4


class Path:
    def __init__(self, seed, options):
        self.seed = seed
        self.options = options
        self.count = {}  # of packets, by visit and direction
        self.lost_once = set()

    def option(self, name):
        return float(self.options.get(name, 0))

    def chance(self, *key):
        """From 0 to 1, the same for the same key."""
        digest = hashlib.blake2b(repr((self.seed, *key)).encode(), digest_size=6).digest()
        return int.from_bytes(digest, "big") / 2**48

    def loses_first(self, visit, port, inwards, flags, length):
        """What `lose` asks for, once for each visit. A visit is its port."""
        what = self.options.get("lose")
        hit = (what == "synack" and not inwards and flags & (SYN | ACK) == SYN | ACK) or (
            what == "data" and inwards and length > 0
        )
        if not hit or port in self.lost_once:
            return False
        self.lost_once.add(port)
        return True

    def delay(self, packet, inwards):
        """Seconds until it arrives; None: never."""
        tcp = tcp_of(packet)
        if not tcp:
            return self.option("delay") / 1000
        sport, dport, flags, length = tcp
        port = sport if inwards else dport
        key = (port % 100, inwards)
        n = self.count[port, inwards] = self.count.get((port, inwards), -1) + 1
        if self.loses_first(key, port, inwards, flags, length):
            return None
        if self.chance("loss", *key, n) * 100 < self.option("loss"):
            return None
        late = self.option("delay") + self.option("jitter") * self.chance("jitter", *key, n)
        if self.chance("reorder", *key, n) * 100 < self.option("reorder"):
            late += 60
        return late / 1000


def main():
    # The clients' first: what comes from there goes inwards.
    fds = [tun(sys.argv[1], "t0"), tun(sys.argv[2], "r0")]
    path = Path(sys.argv[3], dict(a.split("=") for a in sys.argv[4:]))
    print("ready", flush=True)
    under_way, n = [], 0
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        for fd in select.select(fds, [], [], wait)[0]:
            packet = os.read(fd, 65536)
            late = path.delay(packet, fd == fds[0])
            if late is not None:
                n += 1
                heapq.heappush(under_way, (time.monotonic() + late, n, fds[1 - fds.index(fd)], packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, fd, packet = heapq.heappop(under_way)
            try:
                os.write(fd, packet)
            except OSError:
                pass  # the other end is going


main()
