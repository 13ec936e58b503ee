# SPDX-License-Identifier: GPL-2.0-or-later
"""DNS queries of many shapes, each another one, to several servers, over UDP and TCP.

    dns_shapes.py base FILE NAME=ADDRESS...     asks all, and keeps the answers in FILE
    dns_shapes.py compare FILE NAME=ADDRESS...  asks again; prints what is different, and how
                                                many were the same
    dns_shapes.py list                          the shapes

All are about names below served.example, or about no name at all. What is of the moment in
an answer (cookies, the order of records) is left out of it.
"""
import json
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor

ZONE = b"served.example"
TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "RP": 17, "AAAA": 28, "LOC": 29,
    "SRV": 33, "NAPTR": 35, "DS": 43, "SSHFP": 44, "NSEC": 47, "DNSKEY": 48, "TLSA": 52, "SVCB": 64,
    "HTTPS": 65, "SPF": 99, "ANY": 255, "URI": 256, "CAA": 257, "TYPE65400": 65400, "TYPE0": 0,
}  # fmt: skip


def wire(name):
    """A name of bytes: labels between dots."""
    return b"".join(bytes([len(label)]) + label for label in name.split(b".") if label) + b"\0"


def question(name, qtype="A", qclass=1):
    return (name if name.endswith(b"\0") else wire(name)) + struct.pack(">HH", TYPES[qtype], qclass)


def header(flags=0x0100, qd=1, an=0, ns=0, ar=0, ident=0xABCD):
    return struct.pack(">6H", ident, flags, qd, an, ns, ar)


def opt(size=1232, version=0, flags=0, options=b"", rcode=0, owner=b"\0"):
    return owner + struct.pack(">HHBBHH", 41, size, rcode, version, flags, len(options)) + options


def option(code, data):
    return struct.pack(">HH", code, len(data)) + data


def query(name=b"www." + ZONE, qtype="A", qclass=1, flags=0x0100, extra=b"", ar=0, **counts):
    return header(flags, ar=ar, **counts) + question(name, qtype, qclass) + extra


def with_opt(*args, **kwargs):
    return query(extra=opt(*args, **kwargs), ar=1)


def names():
    label = b"x" * 63
    longest = b".".join([b"y" * 63, b"y" * 63, b"y" * 63, b"y" * (253 - 3 * 64 - len(ZONE) - 1), ZONE])
    odd = b"\x04a\x00\xff." + wire(ZONE)
    return {
        "apex": ZONE, "www": b"www." + ZONE, "case": b"wWw.SeRVeD.eXaMPLe", "nothing": b"nothing." + ZONE,
        "wildcard": b"anything.wild." + ZONE, "below wildcard": b"a.b.wild." + ZONE, "asterisk": b"*.wild." + ZONE,
        "between": b"ent." + ZONE, "alias": b"alias." + ZONE, "away": b"away." + ZONE, "delegated": b"x.sub." + ZONE,
        "cut": b"sub." + ZONE, "below www": b"x.www." + ZONE, "large": b"large." + ZONE, "63": label + b"." + ZONE,
        "253": longest, "odd bytes": odd, "underscores": b"_25._tcp.www." + ZONE, "digits": b"1.2.3.4." + ZONE,
        "dname": b"x.tree." + ZONE, "dot in a label": b"\x03a.b" + wire(ZONE),
    }  # fmt: skip


def shapes_of_names():
    out = {}
    for what, name in names().items():
        for qtype in ("A", "AAAA", "TXT", "SOA"):
            out[f"{what} {qtype}"] = query(name, qtype)
    for qtype in (t for t in TYPES if t not in ("A", "AAAA", "TXT", "SOA")):
        out[f"www, type {qtype}"] = query(qtype=qtype)
    for qtype in ("NS", "MX", "CAA", "DNSKEY", "DS", "HTTPS"):
        out[f"apex, type {qtype}"] = query(ZONE, qtype)
    return out


def shapes_of_headers():
    out = {}
    bits = {"none": 0, "AD": 0x120, "CD": 0x110, "AD CD": 0x130, "Z": 0x140, "AA": 0x500, "TC": 0x300, "RA": 0x180,
            "rcode": 0x103}  # fmt: skip
    for what, flags in bits.items():
        out[f"flags: {what}"] = query(flags=flags)
    for opcode in (1, 2, 3, 6, 7, 15):
        out[f"opcode {opcode}"] = query(flags=opcode << 11)
    out["opcode 2, header alone"] = header(2 << 11, qd=0)
    for qclass in (0, 2, 3, 4, 254, 255, 65280):
        out[f"class {qclass}"] = query(qclass=qclass)
    out["version.bind"] = query(b"version.bind", "TXT", 3)
    out["no question"] = header(qd=0)
    out["no question, with cookie"] = header(qd=0, ar=1) + opt(options=option(10, b"12345678"))
    out["two questions"] = header(qd=2) + question(b"www." + ZONE) + question(b"txt." + ZONE, "TXT")
    out["the same question twice"] = header(qd=2) + 2 * question(b"www." + ZONE)
    out["id 0"] = b"\0\0" + query()[2:]
    out["id ffff"] = b"\xff\xff" + query()[2:]
    return out


def shapes_of_edns():
    out = {}
    for size in (0, 512, 1220, 1232, 1452, 4096, 65535):
        out[f"EDNS size {size}"] = with_opt(size)
        out[f"EDNS size {size}, large answer"] = query(b"large." + ZONE, "TXT", extra=opt(size), ar=1)
    for version in (1, 2, 255):
        out[f"EDNS version {version}"] = with_opt(version=version)
    for what, flags in {"DO": 0x8000, "CO": 0x4000, "Z": 0x2000, "all": 0xFFFF}.items():
        out[f"EDNS flags {what}"] = with_opt(flags=flags)
    options = {
        "NSID": option(3, b""), "DAU": option(5, b"\x08\x0d"), "ECS": option(8, b"\0\1\x18\0\xc6\x12\0"),
        "ECS of IPv6": option(8, b"\0\2\x38\0\x20\x01\x0d\xb8\0\0\0"), "ECS, bad": option(8, b"\0\1\x21\0\1\2\3\4\5"),
        "expire": option(9, b""), "cookie": option(10, b"12345678"), "cookie of 7": option(10, b"1234567"),
        "cookie of both": option(10, b"12345678" + b"a" * 16), "cookie of 41": option(10, b"a" * 41),
        "keepalive": option(11, b""), "padding": option(12, bytes(100)), "chain": option(13, wire(ZONE)),
        "key tag": option(14, b"\x4f\x66"), "EDE": option(15, b"\0\0"), "unknown": option(65001, b"hello"),
        "report": option(18, wire(b"report." + ZONE)), "two": option(3, b"") + option(10, b"12345678"),
        "seven": option(65001, b"x") * 6 + option(10, b"12345678"), "cut off": option(10, b"12345678")[:-3],
    }  # fmt: skip
    for what, data in options.items():
        out[f"EDNS option {what}"] = with_opt(options=data)
    out["EDNS option of the wrong length"] = query(extra=opt(options=b"")[:-2] + b"\0\x09", ar=1)
    out["two OPT records"] = query(extra=2 * opt(), ar=2)
    out["OPT with a name"] = with_opt(owner=wire(b"www." + ZONE))
    out["OPT with a rcode"] = with_opt(rcode=1)
    out["OPT that is not counted"] = query(extra=opt())
    out["OPT counted, missing"] = query(ar=1)
    out["OPT among the answers"] = query(extra=opt(), an=1)
    out["OPT of half a length"] = query(extra=opt()[:6], ar=1)
    return out


def shapes_of_sections():
    soa_data = wire(b"ns." + ZONE) + wire(b"h." + ZONE) + struct.pack(">5I", 1, 3600, 900, 86400, 300)
    soa = b"\xc0\x0c" + struct.pack(">HHIH", 6, 1, 300, len(soa_data)) + soa_data
    address = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 300, 4) + b"\x0a\0\0\1"
    tsig_data = wire(b"hmac-sha256") + bytes(6) + struct.pack(">HH", 300, 32) + bytes(32) + b"\xab\xcd\0\0\0\0"
    tsig = wire(b"key." + ZONE) + struct.pack(">HHIH", 250, 255, 0, len(tsig_data)) + tsig_data
    out = {
        "NOTIFY": query(ZONE, "SOA", flags=0x2400), "NOTIFY with SOA": query(ZONE, "SOA", flags=0x2400, extra=soa, an=1),
        "UPDATE": query(ZONE, "SOA", flags=0x2800), "UPDATE with an address": query(ZONE, "SOA", flags=0x2800, extra=address, ns=1),
        "an answer in the query": query(extra=address, an=1), "a name server in the query": query(extra=address, ns=1),
        "an address too many": query(extra=address, ar=1), "an address, then OPT": query(extra=address + opt(), ar=2),
        "OPT, then an address": query(extra=opt() + address, ar=2), "TSIG": query(extra=tsig, ar=1),
        "OPT and TSIG": query(extra=opt() + tsig, ar=2), "TSIG, then OPT": query(extra=tsig + opt(), ar=2),
    }  # fmt: skip
    TYPES.update({"IXFR": 251, "MAILA": 254})
    out["IXFR"] = query(ZONE, "IXFR", extra=soa, ns=1)
    out["MAILA"] = query(ZONE, "MAILA")
    return out


def shapes_of_damage():
    whole = query()
    out = {f"cut after {n} bytes": whole[:n] for n in (1, 2, 11, 12, 13, 17, 20, len(whole) - 4, len(whole) - 1)}
    for n in (1, 2, 12, 100, 400):
        out[f"{n} bytes behind it"] = whole + bytes(n)
    out["a pointer to itself"] = header() + b"\xc0\x0c\0\1\0\1"
    out["a pointer behind a label"] = header() + b"\3www\xc0\x0c\0\1\0\1"
    out["a label of type 01"] = header() + b"\x41\x01\x01\0\0\1\0\1"
    out["a label of type 10"] = header() + b"\x81\x01\x01\0\0\1\0\1"
    out["a name of 256 bytes"] = query(b".".join([b"y" * 63] * 3 + [b"y" * 48, ZONE]))
    out["a name without end"] = header() + b"\x3f" * 300
    return out


def shapes():
    out = {}
    for part in (shapes_of_names, shapes_of_headers, shapes_of_edns, shapes_of_sections, shapes_of_damage):
        out.update(part())
    assert len(set(out.values())) == len(out), "two shapes are the same"
    return out


# --- answers -------------------------------------------------------------------


def skip_name(data, at):
    while data[at]:
        if data[at] >= 0xC0:
            return at + 2
        at += 1 + data[at]
    return at + 1


def options_of(data):
    out = []
    while len(data) >= 4:
        code, length = struct.unpack_from(">HH", data)
        out.append([code, "" if code == 10 else data[4 : 4 + length].hex()])
        data = data[4 + length :]
    return out


def records(data, at, count):
    out = []
    for _ in range(count):
        owner = at
        at = skip_name(data, at)
        rtype, rclass, ttl, length = struct.unpack_from(">HHIH", data, at)
        body = data[at + 10 : at + 10 + length]
        shown = options_of(body) if rtype == 41 else body.hex()
        if rtype == 250:
            shown = "TSIG"
        out.append([data[owner:at].hex(), rtype, rclass, ttl, shown])
        at += 10 + length
    return sorted(out, key=str), at


def readable(data):
    """The answer without what is of the moment."""
    try:
        ident, flags, qd, an, ns, ar = struct.unpack_from(">6H", data)
        at = 12
        for _ in range(qd):
            at = skip_name(data, at) + 4
        sections = []
        for count in (an, ns, ar):
            rows, at = records(data, at, count)
            sections.append(rows)
        return [ident, flags, data[12 : 12 + len(data[12:at])].hex()[:40], sections, len(data) - at]
    except (struct.error, IndexError):
        return data.hex()


def ask_udp(address, data, patience):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(patience)
        s.connect((address, 53))
        s.send(data)
        try:
            return readable(s.recv(65535))
        except socket.timeout:
            return "nothing"
        except ConnectionRefusedError:
            return "refused"


def read_exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def ask_tcp(address, data, patience):
    """A server that closes, be it with FIN or RST, does not answer."""
    try:
        with socket.create_connection((address, 53), patience + 2) as s:
            s.settimeout(patience)
            s.sendall(struct.pack(">H", len(data)) + data)
            length = struct.unpack(">H", read_exactly(s, 2))[0]
            return readable(read_exactly(s, length))
    except socket.timeout:
        return "nothing"
    except (EOFError, ConnectionResetError, BrokenPipeError):
        return "closed"


ASK = {"udp": ask_udp, "tcp": ask_tcp}


def ask_all(keys, servers, patience, at_once):
    all_shapes = shapes()

    def one(key):
        proto, server, shape = key.split("|")
        return key, ASK[proto](servers[server], all_shapes[shape], patience)

    with ThreadPoolExecutor(at_once) as pool:
        return dict(pool.map(one, keys))


def main():
    if sys.argv[1] == "list":
        print("\n".join(shapes()))
        return 0
    verb, path = sys.argv[1:3]
    servers = dict(a.split("=") for a in sys.argv[3:])
    keys = [f"{p}|{s}|{shape}" for p in ASK for s in servers for shape in shapes()]
    if verb == "base":
        got = ask_all(keys, servers, 1, 32)
        # Nothing, on a busy machine, is not yet nothing.
        for _ in range(2):
            got.update(ask_all([k for k in keys if got[k] == "nothing"], servers, 2, 32))
        json.dump(got, open(path, "w"))
        print(len(keys), "asked,", sum(v not in ("nothing", "closed") for v in got.values()), "answered")
        return 0
    base = json.load(open(path))
    got = ask_all(keys, servers, 1, 32)
    differ = [k for k in keys if got[k] != base[k]]
    for attempt in range(3):
        if differ:
            time.sleep(0.5)
            got.update(ask_all(differ, servers, 3, 8))
            differ = [k for k in differ if got[k] != base[k]]
    for key in differ:
        print(f"{key}: {got[key]}\n    without the gate: {base[key]}")
    print(len(keys) - len(differ), "of", len(keys))
    return len(differ) > 0


sys.exit(main())
