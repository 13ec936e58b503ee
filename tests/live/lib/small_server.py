#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A small web server, whose pages take time: small_server.py PORT WORKERS MS BACKLOG.
Each worker has one visitor at a time, and MS of work for him."""
import socket
import sys
import threading
import time

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1024\r\n\r\n" + b"." * 1024


def serve(c, takes):
    got = b""
    c.settimeout(20)
    while b"\r\n\r\n" not in got:
        chunk = c.recv(65536)
        if not chunk:
            return
        got += chunk
    time.sleep(takes)
    c.sendall(PAGE)


def work(s, takes):
    while True:
        c, _ = s.accept()
        try:
            serve(c, takes)
        except OSError:
            pass
        c.close()


def main():
    port, workers, takes, backlog = (int(a) for a in sys.argv[1:5])
    s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::", port))
    s.listen(backlog)
    for _ in range(workers - 1):
        threading.Thread(target=work, args=(s, takes / 1000), daemon=True).start()
    work(s, takes / 1000)


main()
