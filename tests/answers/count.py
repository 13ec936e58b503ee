#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts what clients sent to a server, from a capture (pcap, Ethernet, IPv4).

    count.py FILE [SECONDS]     of the first SECONDS after the first packet

One object of JSON: by the client's address, the server's protocol and port, as
    {"10.77.0.2": {"tcp/443": {"connections": 2, "asked": 2, "packets": 9, "bytes": 1200, "begun": [0, 1.1]}}}
where a connection is a SYN that was not sent before, asked are those on which data came,
and begun are the seconds when each connection was.
"""
import json, struct, sys


def frames(path):
    with open(path, "rb") as f:
        head = f.read(24)
        if len(head) < 24:
            return
        order = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        part = 1e9 if head[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1e6
        while len(record := f.read(16)) == 16:
            seconds, rest, kept, length = struct.unpack(order + "IIII", record)
            frame = f.read(kept)
            if len(frame) < kept:
                return
            yield seconds + rest / part, frame, length


def data_of(frame, l4):
    """Bytes behind the TCP header; a keep-alive's one is none."""
    return struct.unpack("!H", frame[16:18])[0] - (l4 - 14) - (frame[l4 + 12] >> 4) * 4 > 1


def count(path, limit):
    first, clients, syns, asked = None, {}, set(), set()
    for when, frame, length in frames(path):
        if frame[12:14] != b"\x08\x00" or frame[23] not in (6, 17):
            continue
        first = when if first is None else first
        if limit and when - first > limit:
            break
        l4 = 14 + (frame[14] & 15) * 4
        source, port = struct.unpack("!HH", frame[l4:l4 + 4])
        client = ".".join(map(str, frame[26:30]))
        key = f"{'tcp' if frame[23] == 6 else 'udp'}/{port}"
        to = clients.setdefault(client, {}).setdefault(key, {"connections": 0, "asked": 0, "packets": 0, "bytes": 0, "begun": []})
        to["packets"] += 1
        to["bytes"] += length
        if frame[23] == 6 and data_of(frame, l4) and (client, source, port) not in asked:
            asked.add((client, source, port))
            to["asked"] += 1
        if frame[23] == 6 and frame[l4 + 13] & 0x12 == 2:
            syn = (client, source, port, frame[26:34], frame[l4 + 4:l4 + 8])
            if syn not in syns:
                syns.add(syn)
                to["connections"] += 1
                to["begun"].append(round(when - first, 1))
    return clients


print(json.dumps(count(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 0)))
