#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Served visitors with real sockets, one every INTERVAL seconds, each on a connection of
its own, until told to end: probe.py ADDR PORT NAME INTERVAL. A line for each, when it is
over: when it began (ms since 1970), how long it took (ms), what came (a status, or why
nothing did). On port 53 they are queries, of which an answer is a 200."""
import asyncio
import signal
import socket
import sys
import time

PATIENCE = 20


async def visit(addr, port, name, out):
    began = time.time()
    try:
        async with asyncio.timeout(PATIENCE) if hasattr(asyncio, "timeout") else None:
            got = await ask(addr, port, name)
    except (asyncio.TimeoutError, TimeoutError):
        got = "timeout"
    except OSError as e:
        got = type(e).__name__
    print(int(began * 1000), int((time.time() - began) * 1000), got, file=out, flush=True)


def query(addr, port, name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect((addr, port))
        labels = b"".join(bytes([len(n)]) + n.encode() for n in name.split("."))
        s.send(b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00\x00\x01\x00\x01")
        answer = s.recv(4096)
    return "200" if answer[3] & 15 == 0 else "refused"


async def ask(addr, port, name):
    if port == 53:
        return await asyncio.get_running_loop().run_in_executor(None, query, addr, port, name)
    reader, writer = await asyncio.open_connection(addr, port)
    writer.write(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read(-1)
    writer.close()
    return answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/") else "closed"


async def main():
    addr, port, name, interval = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for s in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(s, ending.set)
    visits = set()
    due = time.monotonic()
    while not ending.is_set():
        task = asyncio.create_task(visit(addr, port, name, sys.stdout))
        visits.add(task)
        task.add_done_callback(visits.discard)
        due += interval
        try:
            await asyncio.wait_for(ending.wait(), max(0, due - time.monotonic()))
        except (asyncio.TimeoutError, TimeoutError):
            pass
    if visits:
        await asyncio.wait(visits)


asyncio.run(main())
