#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Downloads that last until somebody says that they may end:

    downloads.py ADDRESS PORT HOST PATH COUNT SIZE FLAG

Each takes in half of the page at some 300 KB/s, then a few KB a second, and the rest as
fast as it comes once the file FLAG is there. Says "all" on standard error when all have
begun, and prints one line of JSON: how many pages of SIZE bytes came whole (and how many
different ones these are), how many did not, and how many had ended before FLAG."""
import hashlib, json, os, socket, sys, threading, time

addr, port, host, path, count, size, flag = sys.argv[1:]
count, size = int(count), int(size)
result = {"whole": 0, "broken": 0, "before": 0, "why": {}}
pages, began, lock = set(), [0], threading.Lock()


def begin(s):
    """Up to the page's first bytes."""
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    got = b""
    while b"\r\n\r\n" not in got:
        some = s.recv(4096)
        if not some:
            raise OSError("closed in the head")
        got += some
    head, body = got.split(b"\r\n\r\n", 1)
    if not head.startswith(b"HTTP/1.1 200"):
        raise OSError(head.split(b"\r\n")[0].decode())
    with lock:
        began[0] += 1
        if began[0] == count:
            print("all", file=sys.stderr, flush=True)
    return body


def rest(s, body):
    digest, got = hashlib.sha256(body), len(body)
    while True:
        slow = not os.path.exists(flag)
        some = s.recv(65536 if not slow else 16384 if got < size / 2 else 1024)
        if not some:
            return digest.hexdigest(), got, slow
        digest.update(some)
        got += len(some)
        if slow:
            time.sleep(0.05 if got < size / 2 else 0.3)


def download():
    try:
        with socket.create_connection((addr, int(port)), 60) as s:
            s.settimeout(60)
            digest, got, slow = rest(s, begin(s))
    except OSError as e:
        with lock:
            result["broken"] += 1
            result["why"][str(e)] = result["why"].get(str(e), 0) + 1
        return
    with lock:
        result["whole" if got == size else "broken"] += 1
        result["before"] += slow
        pages.add(digest)


threads = [threading.Thread(target=download) for _ in range(count)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(json.dumps({**result, "pages": len(pages), "page": min(pages, default="")}))
