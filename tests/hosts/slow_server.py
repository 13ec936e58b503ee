# SPDX-License-Identifier: GPL-2.0-or-later
"""A small HTTP server with an accept queue of its own size, which takes nothing from
it for 1.5 s whenever it gets SIGUSR1: slow_server.py PORT BACKLOG"""
import signal
import socket
import sys
import threading
import time


def serve(s):
    got = b""
    s.settimeout(60)
    try:
        while b"\r\n\r\n" not in got:
            chunk = s.recv(65536)
            if not chunk:
                break
            got += chunk
        if b"\r\n\r\n" in got:
            s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes")
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
    except OSError:
        pass
    s.close()


def main():
    port, backlog = int(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGUSR1, lambda *_: time.sleep(1.5))
    s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::", port))
    s.listen(backlog)
    while True:
        c, _ = s.accept()
        threading.Thread(target=serve, args=(c,), daemon=True).start()


main()
