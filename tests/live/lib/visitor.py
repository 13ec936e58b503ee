#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Visitors, and servers, that do with a socket what no ordinary client can be told to.

visitor.py VERB ADDR PORT OPTION=VALUE...   prints one line of JSON
visitor.py serve PORT [OPTION=VALUE...]     answers every request; a log line each on stdout
"""

import errno
import json
import os
import select
import socket
import struct
import sys
import threading
import time

IPPROTO_MPTCP = 262
TCP_STATES = {1: "established", 7: "closed", 8: "close-wait"}


def family(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def request(name, size=0, host_last=False):
    """An HTTP request for name, filled up to size bytes."""
    host = f"Host: {name}\r\n"
    head, tail = "GET / HTTP/1.1\r\n", "Connection: close\r\n\r\n"
    room = size - len(head) - len(host) - len(tail)
    filling = ""
    while room > 0:
        # Lines of at most 4,000 bytes: nginx takes 8k each.
        n = min(room, 4000)
        if 0 < room - n < 16:
            n -= 16
        filling += "X-Fill: " + "x" * (max(n, 11) - 10) + "\r\n"
        room -= n
    return (head + (filling + host if host_last else host + filling) + tail).encode()


def connect(addr, port, o, before=None):
    s = socket.socket(family(addr), socket.SOCK_STREAM)
    s.settimeout(float(o.get("patience", 8)))
    if "port" in o or "source" in o:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((o.get("source", ""), int(o.get("port", 0))))
    if before:
        before(s)
    s.connect((addr, port))
    return s


def nodelay(s):
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def answer(s):
    """What came: the status, "reset", "closed" or "timeout"; and all bytes."""
    got = b""
    try:
        while True:
            chunk = s.recv(65536)
            if not chunk:
                break
            got += chunk
    except (ConnectionResetError, BrokenPipeError):
        return ("reset" if not got else got[9:12].decode()), got
    except socket.timeout:
        return ("timeout" if not got else got[9:12].decode()), got
    return (got[9:12].decode() if got.startswith(b"HTTP/") else "closed"), got


def tally(results):
    sums = {}
    for r in results:
        sums[r] = sums.get(r, 0) + 1
    return sums


def spread(times):
    t = sorted(times)
    return {"p50": round(t[len(t) // 2] * 1000, 2), "max": round(t[-1] * 1000, 2)}


def state(s):
    info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return TCP_STATES.get(info[0], str(info[0]))


# --- verbs ------------------------------------------------------------------


def visits(addr, port, o):
    """count visits one after another, each of `size` bytes in one flight."""
    results, times = [], []
    for i in range(int(o.get("count", 1))):
        data = request(o["name"], int(o.get("size", 0)), "last" in o)
        try:
            s = connect(addr, port, o, nodelay)
            began = time.monotonic()
            s.sendall(data)
            r, _ = answer(s)
            times.append(time.monotonic() - began)
            s.close()
        except OSError as e:
            r = type(e).__name__
        results.append(r)
    return {"results": tally(results), "ms": spread(times or [0])}


def at_once(addr, port, o):
    """count visits at the same time, closed by the client once they are answered."""
    todo, results = [], []
    for i in range(int(o["count"])):
        s = connect(addr, port, o)
        s.send(request(o["name"]))
        todo.append(s)
    for s in todo:
        results.append(answer(s)[0])
        s.close()
    return {"results": tally(results)}


def together(addr, port, o):
    """count visits that begin evenly within `over` seconds, each in a thread of its own."""
    count, results = int(o["count"]), []

    def visit(i):
        time.sleep(i * float(o.get("over", 0)) / count)
        try:
            s = connect(addr, port, o)
            s.sendall(request(o["name"]))
            results.append(answer(s)[0])
            s.close()
        except OSError as e:
            results.append(type(e).__name__)

    threads = [threading.Thread(target=visit, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return {"results": tally(results)}


def pieces(addr, port, o):
    """The request in pieces: at=N,M,... (bytes, behind which it is cut), pause=S."""
    results, times = [], []
    for i in range(int(o.get("count", 1))):
        data = request(o["name"], int(o.get("size", 0)), "last" in o)
        cuts = [0] + [int(n) for n in o["at"].split(",")] + [len(data)]
        s = connect(addr, port, o, nodelay)
        try:
            for a, b in zip(cuts, cuts[1:]):
                if a:
                    time.sleep(float(o.get("pause", 0)))
                s.sendall(data[a:b])
            began = time.monotonic()
            r, _ = answer(s)
            times.append(time.monotonic() - began)
        except (ConnectionResetError, BrokenPipeError):
            r = "reset"
        results.append(r)
        s.close()
    return {"results": tally(results), "ms": spread(times or [0])}


def silent(addr, port, o):
    """count connections that say nothing for `wait` s, then ask; close=1: never ask."""

    def probing(s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2)

    all_of_them = [connect(addr, port, o, probing if "probes" in o else None) for i in range(int(o["count"]))]
    time.sleep(float(o.get("wait", 0)))
    states = tally(state(s) for s in all_of_them)
    results = []
    for s in all_of_them:
        if "close" not in o:
            try:
                s.send(request(o["name"]))
                results.append(answer(s)[0])
            except OSError as e:
                results.append(type(e).__name__)
        s.close()
    return {"states": states, "results": tally(results)}


TICK = (1 << 36) / 1e9  # of the cookies, in s of CLOCK_MONOTONIC


def wait_for_tick(tick):
    time.sleep(max(0, tick * TICK + 0.5 - time.monotonic()))


def asked(sockets, name):
    """What each of them gets for a request."""
    results = []
    for s in sockets:
        try:
            s.send(request(name))
            results.append(answer(s)[0])
        except OSError as e:
            results.append(type(e).__name__)
        s.close()
    return tally(results)


def lasting(addr, port, o):
    """Silent until the next tick, and until their cookies are good no more; in between,
    and at the end, new ones. Says so on stderr once the silent ones are connected."""
    count, name = int(o["count"]), o["name"]
    tick = int(time.monotonic() / TICK)
    if (tick + 1) * TICK - time.monotonic() < 5:
        tick += 1
        wait_for_tick(tick)
    young, old = ([connect(addr, port, o) for i in range(count)] for j in range(2))
    print("connected", file=sys.stderr, flush=True)
    out = {}
    wait_for_tick(tick + 1)
    out["a tick later"] = asked(young, name)
    out["new, a tick later"] = asked([connect(addr, port, o) for i in range(count)], name)
    wait_for_tick(tick + 2)
    out["two ticks later"] = asked(old, name)
    out["they come again"] = asked([connect(addr, port, o) for i in range(count)], name)
    return out


def shut(addr, port, o):
    """Takes next to nothing in at a time: its window is shut for `wait` s, then it reads on."""

    def narrow(s):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)

    s = connect(addr, port, o, narrow)
    end = int(o["bytes"]) - 1
    s.send(f"GET /big HTTP/1.1\r\nHost: {o['name']}\r\nRange: bytes=0-{end}\r\nConnection: close\r\n\r\n".encode())
    print("asked", file=sys.stderr, flush=True)
    time.sleep(float(o.get("wait", 0)))
    r, got = answer(s)
    return {"results": r, "bytes": len(got.partition(b"\r\n\r\n")[2])}


def in_flight(addr, port, o):
    """Connects (first=1: and asks), says so on stderr, and asks once there is a line on stdin."""
    opened = [connect(addr, port, o) for i in range(int(o["count"]))]
    for s in opened if "first" in o else []:
        s.send(f"HEAD / HTTP/1.1\r\nHost: {o['name']}\r\n\r\n".encode())
        while b"\r\n\r\n" not in s.recv(65536):
            pass
    print("connected", file=sys.stderr, flush=True)
    sys.stdin.readline()
    results = []
    for s in opened:
        try:
            s.send(request(o["name"]))
            results.append(answer(s)[0])
        except OSError as e:
            results.append(type(e).__name__)
        s.close()
    return {"results": tally(results)}


def reuse(addr, port, o):
    """names=A,B,...: visits for them in turn, all from the same port."""
    results = []
    for name in o["names"].split(","):
        s = connect_again(addr, port, o)
        s.send(request(name))
        results.append(answer(s)[0])
        s.close()
    return {"results": results}


def connect_again(addr, port, o):
    """The last visit's socket may still wait for its last ACK."""
    for i in range(50):
        try:
            return connect(addr, port, o)
        except OSError as e:
            if e.errno != errno.EADDRNOTAVAIL:
                raise
            time.sleep(0.02)
    return connect(addr, port, o)


def fast_open(addr, port, o):
    """The request stands in the SYN already."""
    s = socket.socket(family(addr), socket.SOCK_STREAM)
    s.settimeout(8)
    s.sendto(request(o["name"]), socket.MSG_FASTOPEN, (addr, port))
    r, _ = answer(s)
    return {"results": r}


def half_closed(addr, port, o):
    """Asks and closes its side in the same breath (data and FIN in one segment)."""
    s = connect(addr, port, o)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    s.send(request(o["name"]))
    s.shutdown(socket.SHUT_WR)
    return {"results": answer(s)[0]}


def python_http(addr, port, o):
    import http.client

    c = http.client.HTTPConnection(addr, port, timeout=8)
    statuses = []
    for i in range(int(o.get("count", 1))):
        c.request("GET", "/", headers={"Host": o["name"]})
        r = c.getresponse()
        r.read()
        statuses.append(r.status)
    return {"results": tally(statuses)}


def negotiated(addr, port, o):
    """Stays for `wait` s behind one request and its page, so that both ends can be looked at."""
    s = connect(addr, port, o)
    s.send(f"GET / HTTP/1.1\r\nHost: {o['name']}\r\n\r\n".encode())
    s.recv(65536)
    print("answered", flush=True)
    time.sleep(float(o.get("wait", 5)))
    return {}


def window(addr, port, o):
    """The window that the server has open after an upload of 1 MB."""
    s = connect(addr, port, o)
    s.sendall(f"POST /upload HTTP/1.1\r\nHost: {o['name']}\r\nContent-Length: 1000000\r\n\r\n".encode())
    s.sendall(b"x" * 1000000)
    s.recv(65536)
    # tcpi_snd_wnd, since Linux 5.4
    return {"window": struct.unpack_from("I", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 232), 228)[0]}


def quic(addr, port, o):
    """A QUIC Initial of `size` bytes (or one that is none): what came back."""
    s = socket.socket(family(addr), socket.SOCK_DGRAM)
    s.settimeout(float(o.get("patience", 0.5)))
    dcid, scid = os.urandom(int(o.get("dcid", 8))), os.urandom(int(o.get("scid", 5)))
    version = int(o.get("version", 1))
    head = bytes([int(o.get("first", 0xC3))]) + struct.pack(">I", version)
    head += bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid
    data = head + os.urandom(max(0, int(o.get("size", 1200)) - len(head)))
    s.connect((addr, port))
    s.send(data)
    try:
        got = s.recv(2048)
    except (socket.timeout, ConnectionRefusedError) as e:
        return {"answer": "none" if isinstance(e, socket.timeout) else "refused"}
    ids = got[5:]
    first, rest = ids[1 : 1 + ids[0]], ids[1 + ids[0] :]
    second, versions = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
    return {
        "answer": "negotiation" if got[0] & 0x80 and got[1:5] == b"\0\0\0\0" else "other",
        "swapped": first == scid and second == dcid,
        "smaller": len(got) < len(data),
        "offers_ours": struct.pack(">I", version) in [versions[i : i + 4] for i in range(0, len(versions), 4)],
        "versions": len(versions) / 4,
    }


# SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3)
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def client_hello(name, random, shares):
    """Of TLS 1.3, for X25519 alone, in a record of its own."""

    def sized(data, n=2):
        return len(data).to_bytes(n, "big") + data

    extensions = [
        (0, sized(b"\0" + sized(name.encode()))),
        (10, sized(b"\x00\x1d")),
        (13, sized(b"\x04\x03\x08\x04\x05\x03\x08\x05")),
        (43, sized(b"\x03\x04", 1)),
        (51, sized(shares)),
    ]
    listed = b"".join(t.to_bytes(2, "big") + sized(data) for t, data in extensions)
    body = b"\x03\x03" + random + sized(b"", 1) + sized(b"\x13\x01\x13\x02") + b"\1\0" + sized(listed)
    return b"\x16\x03\x01" + sized(b"\1" + sized(body, 3))


def tls_answer(s):
    """The first record, if it tells anything: "retry", "hello", "alert N"."""
    got = b""
    try:
        while len(got) < 5 or len(got) < 5 + int.from_bytes(got[3:5], "big"):
            chunk = s.recv(65536)
            if not chunk:
                return "closed"
            got += chunk
    except ConnectionResetError:
        return "reset"
    except socket.timeout:
        return "timeout"
    if got[0] == 21:
        return f"alert {got[6]}"
    if got[0] == 22 and got[5] == 2:
        return "retry" if got[11:43] == RETRY else "hello"
    return f"record {got[0]}"


def retried(addr, port, o):
    """names=A,B: a hello for A that has no key, so that the server must ask for another; that is for B."""
    first, second = o["names"].split(",")
    random = os.urandom(32)
    s = connect(addr, port, o, nodelay)
    s.sendall(client_hello(first, random, b""))
    results = [tls_answer(s)]
    if results == ["retry"]:
        s.sendall(client_hello(second, random, b"\x00\x1d\x00\x20" + os.urandom(32)))
        results.append(tls_answer(s))
    return {"results": results}


# --- a server ---------------------------------------------------------------


def listener(port, o, addr="::"):
    proto = IPPROTO_MPTCP if "mptcp" in o else 0
    s = socket.socket(socket.AF_INET if "v4" in o else socket.AF_INET6, socket.SOCK_STREAM, proto)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if "group" in o:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("0.0.0.0" if "v4" in o else addr, port))
    s.listen(1024)
    return s


def serve(port, o):
    """A reuseport group of `group` sockets, each with connections of its own."""
    socks = [listener(port, o) for i in range(int(o.get("group", 1)))]
    open_ = {}
    while True:
        ready, _, _ = select.select(socks + list(open_), [], [])
        for s in ready:
            if s in socks:
                c, peer = s.accept()
                open_[c] = [b"", socks.index(s)]
                continue
            serve_one(s, open_)


def serve_one(s, open_):
    try:
        data = s.recv(65536)
    except OSError:
        data = b""
    open_[s][0] += data
    if data and b"\r\n\r\n" not in open_[s][0]:
        return
    if data:
        name = open_[s][0].partition(b"Host: ")[2].partition(b"\r\n")[0].decode()
        print(f"{open_[s][1]} {name}", flush=True)
        try:
            s.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes")
        except OSError:
            pass
    del open_[s]
    s.close()


VERBS = {
    "visits": visits,
    "at-once": at_once,
    "together": together,
    "pieces": pieces,
    "silent": silent,
    "lasting": lasting,
    "shut": shut,
    "in-flight": in_flight,
    "reuse": reuse,
    "fast-open": fast_open,
    "half-closed": half_closed,
    "python": python_http,
    "negotiated": negotiated,
    "window": window,
    "quic": quic,
    "retried": retried,
}


def main():
    o = dict(a.partition("=")[::2] for a in sys.argv[3:] if "=" in a)
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), o)
    print(json.dumps(VERBS[sys.argv[1]](sys.argv[2], int(sys.argv[3]), o), sort_keys=True))


main()
