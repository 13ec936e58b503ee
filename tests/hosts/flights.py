# SPDX-License-Identifier: GPL-2.0-or-later
"""Visits whose first flight is shaped as no ordinary client can be told to do it (see fly()):

	split		the name in two writes, under Nagle's algorithm
	headbody	a POST's head in one write, its body in the next, under Nagle's algorithm
	post		head and 20 KB of body in one write: all of the first flight is full
"""
import os
import socket


def connect(addr):
    return socket.create_connection((addr, 80), timeout=20)


def response(s):
    """Status and body, once the server has closed."""
    got = b""
    while chunk := s.recv(65536):
        got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    return head.split(b" ")[1].decode() if head.startswith(b"HTTP/") else "closed", body


def right(status, body, wanted):
    if status != "200":
        return status
    return "good" if body == wanted else f"wrong bytes ({len(body)} of {len(wanted)})"


def read(path):
    with open(path, "rb") as f:
        return f.read()


def kept(status, path, wanted):
    """The answer to what was sent is the name of the file that holds it."""
    if status != "200":
        return status
    body = read(path)
    os.unlink(path)
    return right(status, body, wanted)


def split(s, name, page, post):
    cut = len(name) // 2
    s.sendall(f"GET / HTTP/1.1\r\nHost: {name[:cut]}".encode())
    s.sendall(f"{name[cut:]}\r\nConnection: close\r\n\r\n".encode())
    return right(*response(s), page)


def head_of(name, post):
    return (
        f"POST /keep HTTP/1.1\r\nHost: {name}\r\nContent-Length: {len(post)}\r\n"
        "Content-Type: application/octet-stream\r\nConnection: close\r\n\r\n"
    ).encode()


def headbody(s, name, page, post):
    s.sendall(head_of(name, post))
    s.sendall(post)
    return kept(*response(s), post)


def one_write(s, name, page, post):
    s.sendall(head_of(name, post) + post)
    return kept(*response(s), post)


def fly(kind, addr, name, page, post):
    """ "good", or how it went. `page` is what GET / must bring; `post` what is sent, and must
    be what the server keeps of it."""
    visit = {"split": split, "headbody": headbody, "post": one_write}[kind]
    try:
        return visit(connect(addr), name, page, post)
    except OSError as e:
        return type(e).__name__
