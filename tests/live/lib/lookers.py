#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of straygate-exporter: lookers.py SOCKET WHAT N, until SIGTERM.

slow:    N open the event stream, read its status and no more: prints how often which came
idle:    N connect and say nothing
scrape:  N at once ask for /metrics, again and again; prints how many answers were whole
pages:   N at once open the stream, read for a while and leave; prints how many seconds came
"""

import collections
import signal
import socket
import sys
import threading

PATH, WHAT, N = sys.argv[1], sys.argv[2], int(sys.argv[3])
ended = threading.Event()
lock = threading.Lock()
counts = collections.Counter()


def connect(timeout=60):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(timeout)
    s.connect(PATH)
    return s


def ask(s, what):
    s.sendall(f"GET {what} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


def count(what):
    with lock:
        counts[what] += 1


def report():
    print(" ".join(f"{k}={counts[k]}" for k in sorted(counts)), flush=True)


def held(opens):
    """Those that are opened here, and stay."""
    all_of_them = []
    for _ in range(N):
        try:
            s = connect()
            if opens:
                ask(s, "/live")
                count(s.recv(12).split(b" ")[-1].decode() or "closed")
            else:
                count("connected")
            all_of_them.append(s)
        except OSError as e:
            count(type(e).__name__)
    report()
    ended.wait()


def scrape_one():
    try:
        s = connect()
        s.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                  b"Accept: application/openmetrics-text\r\n\r\n")
        text = b""
        while part := s.recv(65536):
            text += part
        s.close()
        count("whole" if text.startswith(b"HTTP/1.1 200") and text.endswith(b"# EOF\n") else "broken")
    except OSError:
        count("failed")


def page_one():
    """Reads eight seconds of the stream."""
    try:
        s = connect()
        ask(s, "/live")
        text = b""
        while text.count(b"event: second") < 8 and not ended.is_set():
            part = s.recv(65536)
            if not part:
                break
            text += part
        s.close()
        count("whole" if b"event: history" in text else "refused")
    except OSError:
        count("failed")


def repeat(one):
    while not ended.is_set():
        one()


def main():
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    if WHAT in ("slow", "idle"):
        held(WHAT == "slow")
        return
    threads = [threading.Thread(target=repeat, args=({"scrape": scrape_one, "pages": page_one}[WHAT],))
               for _ in range(N)]
    for t in threads:
        t.start()
    ended.wait()
    for t in threads:
        t.join()
    report()


main()
