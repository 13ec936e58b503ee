# SPDX-License-Identifier: GPL-2.0-or-later
"""Visits that begin all at once, for a long and bad path (path.py):

	far_visits.py NAME PORT COUNT PAGE BIG POST SILENCE ADDR...

The i-th comes from PORT + i and goes to the (i modulo their number)-th ADDR; it asks for
a page, for one with 2 KB of other headers before the name, sends 20 KB in one write, or
takes 100 KB, in turn; before its first word it is silent for SILENCE seconds. Prints a
line of JSON: how each went ("good", or what came instead), and after how many ms.
"""
import json
import os
import socket
import sys
import threading
import time

PATIENCE = 150


def response(s):
    got = b""
    while chunk := s.recv(65536):
        got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    return head.split(b" ")[1].decode() if head.startswith(b"HTTP/") else "closed", body


def read(path):
    with open(path, "rb") as f:
        return f.read()


def get(name, path, filling=""):
    return f"GET {path} HTTP/1.1\r\nConnection: close\r\n{filling}Host: {name}\r\n\r\n".encode()


def kinds(name, page, big, post):
    """What is sent, and what must come; where that is None, it is the name of a file with what was sent."""
    head = f"POST /keep HTTP/1.1\r\nHost: {name}\r\nContent-Length: {len(post)}\r\nConnection: close\r\n\r\n"
    return [
        (get(name, "/"), page),
        (get(name, "/", "Cookie: " + "x" * 2000 + "\r\n"), page),
        (head.encode() + post, None),
        (get(name, "/hundred"), big),
    ]


def visit(addr, port, silence, request, wanted, post):
    s = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET)
    s.settimeout(PATIENCE)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", port))
    try:
        s.connect((addr, 80))
        time.sleep(silence)
        s.sendall(request)
        status, body = response(s)
    except OSError as e:
        return type(e).__name__
    finally:
        s.close()
    if status != "200":
        return status
    if wanted is None:
        path, wanted = body, post
        body = read(path)
        os.unlink(path)
    return "good" if body == wanted else f"wrong bytes ({len(body)} of {len(wanted)})"


def main():
    name, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    page, big, post = (read(f) for f in sys.argv[4:7])
    silence, addrs = float(sys.argv[7]), sys.argv[8:]
    results, times = [None] * count, [0] * count

    def one(i):
        request, wanted = kinds(name, page, big, post)[i // len(addrs) % 4]
        began = time.monotonic()
        results[i] = visit(addrs[i % len(addrs)], port + i, silence, request, wanted, post)
        times[i] = round((time.monotonic() - began) * 1000)

    threads = [threading.Thread(target=one, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(json.dumps({"results": results, "ms": times}))


main()
