#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks ADDRESS for names that no honest client has, over HTTP, TLS and DNS:
hostile.py ADDRESS. The bytes of each name are printed first, as hexadecimal digits."""
import socket
import struct
import sys

NAMES = [
    b"\x1b[31mred\x07.example",
    b"a\x1b]0;title\x07\x9b2J.example",
    b"<script>alert(1)</script>.example",
    b"\"'&<b>.example\\",
    "caf\u00e9-\u202e-\u2603.example".encode(),
    b"\xff\xfe\x80.example",
    b"new\r\nline\n.example",
    b"nul\x00byte.example",
    b"%s%n%x$(id)`id`;|.example",
    ".".join(["x" * 62] * 3 + ["y" * 56] + ["example"]).encode(),
]


def send(kind, address, data):
    with socket.socket(socket.AF_INET, kind) as s:
        s.settimeout(3)
        try:
            s.connect(address)
            s.send(data)
            s.recv(4096)
        except OSError:
            pass


def http(name):
    return b"GET / HTTP/1.1\r\nHost: " + name + b"\r\n\r\n"


def tls(name):
    sni = struct.pack("!HBH", len(name) + 3, 0, len(name)) + name
    extension = struct.pack("!HH", 0, len(sni)) + sni
    body = b"\x03\x03" + b"r" * 32 + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    body += struct.pack("!H", len(extension)) + extension
    hello = b"\x01" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack("!H", len(hello)) + hello


def dns(name):
    labels = b"".join(bytes([len(n)]) + n for n in name.split(b".") if 0 < len(n) < 64)
    return b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0" + labels + b"\0\0\x01\0\x01" + b"\0" * 200


def main():
    address = sys.argv[1]
    for name in NAMES:
        print(name.hex(), flush=True)
        send(socket.SOCK_STREAM, (address, 80), http(name))
        send(socket.SOCK_STREAM, (address, 443), tls(name))
        send(socket.SOCK_DGRAM, (address, 53), dns(name))


main()
