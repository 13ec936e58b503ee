#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends the table of smuggling (build/smuggling) to real servers, without a gate,
and compares the name that each of them serves with the one the finder found.

    smuggler.py TABLE HOST http|tls|dns

Prints what differs, and in its last line as JSON how many rows there were, how
many names the server served, in how many of these the finder had the same, and
how many differed. A finder may say that it cannot read what the server serves;
it must not say another name.
"""
import json
import re
import socket
import struct
import sys
from concurrent.futures import ThreadPoolExecutor

PORTS = {"http": 80, "tls": 443}


def over_tcp(host, port, data, complete):
    """What the server says, as far as it tells the name."""
    with socket.create_connection((host, port), timeout=5) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        said = b""
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            s.settimeout(2)
            while not complete(said):
                got = s.recv(65536)
                if not got:
                    break
                said += got
        except OSError:
            pass  # reset, or silent: what came so far counts
        return said


def http(host, data):
    """Of the first answer. Status lines do not count in HTTP/0.9."""
    said = over_tcp(host, PORTS["http"], data, lambda b: b"end of page" in b)
    first = said.split(b"end of page")[0]
    if first.startswith(b"HTTP/") and not first.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
        return None
    m = re.search(rb"page of <([^>]*)>", first)
    return m.group(1).decode("latin-1") if m else None


def tls(host, data):
    """The certificate's subject, which TLS 1.2 sends in the clear."""
    found = re.compile(rb"vhost of ([a-z.-]+)!")
    said = over_tcp(host, PORTS["tls"], data, found.search)
    m = found.search(said)
    return m.group(1).decode() if m else None


def dns(host, data):
    """Each zone has an address of its own."""
    zones = {bytes([192, 0, 2, 1]): "a.example", bytes([192, 0, 2, 2]): "b.example"}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.3)
        s.sendto(data, (host, 53))
        try:
            said = s.recv(4096)
        except OSError:
            return None
    return zones.get(said[-4:]) or next((z for a, z in zones.items() if a in said[12:]), None)


def read_table(table, protocol):
    """The rows of a protocol: what the finder says, the name, the bytes, what it is."""
    with open(table, encoding="latin-1") as lines:
        for line in lines:
            spoken, verdict, name, data, what = line.rstrip("\n").split("\t", 4)
            if spoken == protocol:
                yield verdict, name, bytes.fromhex(data), what


def main():
    table, host, protocol = sys.argv[1:]
    rows = list(read_table(table, protocol))
    with ThreadPoolExecutor(16) as pool:
        names = list(pool.map(lambda row: globals()[protocol](host, row[2]), rows))
    same = different = 0
    for (verdict, name, _, what), got in zip(rows, names):
        if verdict != "found" or got is None:
            continue
        same += got == name
        different += got != name
        if got != name:
            print(f"{what}: the finder says {name}, the server {got}")
    served = len(names) - names.count(None)
    print(json.dumps({"rows": len(rows), "served": served, "same": same, "different": different}))


main()
