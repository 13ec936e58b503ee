# SPDX-License-Identifier: GPL-2.0-or-later
"""The core's visits, by real clients (curl, openssl, dig) and some of our own (flights.py):

	visits.py served|strays OPTION=VALUE... IPv4=ADDR|IPv6=ADDR... VISIT:TIMES...

prints a line "IPv4 VISIT HOW" for each: of served ones "good" if each of TIMES was, or how
the first went that was not; of strays the status, or "000 exit N" as curl's exit status
has it. Options:

	name=NAME	that is asked for
	patience=S	seconds, of curl
	page=FILE	what GET / must bring
	post=FILE	what is sent, and must be what the server keeps of it
	big=FILE	what GET /thirty must bring; is sent, too
	kept=DIR	below which the server keeps what it was sent
	from4=ADDR, from6=ADDR	where strays come from
	work=DIR	for what is received

One process for all of them, and one curl for a family's: to start one is most of what a
visit takes of a machine. Each visit has a connection of its own nevertheless, from a port
that none of the others has, and no TLS session of an earlier one.
"""
import os
import random
import subprocess
import sys

import flights

COOKIE = "Cookie: id=" + "0" * 1999 + "7"
# Two segments, and the kernel's GRO may make them one.
LONG_ALPN = ",".join(f"{i}" + "0" * 220 for i in range(1, 10)) + ",http/1.1"


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return b""


def same(path, wanted):
    """Piece by piece: memory for the whole of them would take longer than to compare them."""
    a, b = bytearray(1 << 16), bytearray(1 << 16)
    try:
        with open(path, "rb", 0) as f, open(wanted, "rb", 0) as g:
            if os.fstat(f.fileno()).st_size != os.fstat(g.fileno()).st_size:
                return False
            while n := f.readinto(a):
                if g.readinto(b) != n or a != b:
                    return False
    except OSError:
        return False
    return True


# --- curl -----------------------------------------------------------------------------


class Request:
    """A visit of curl's: one connection, for one URL or several."""

    def __init__(self, visit, options, urls, judge):
        self.visit, self.options, self.urls, self.judge = visit, options, urls, judge


def right(status, path, wanted):
    if status != "200":
        return status
    return "good" if same(path, wanted) else "wrong bytes"


def bring(wanted):
    """The answer must be this file."""

    def judge(answers, o):
        status, path, _ = answers[0]
        return right(status, path, wanted)

    return judge


def keep(wanted):
    """The answer is the name of a file of the server's, which must be this one."""

    def judge(answers, o):
        status, path, _ = answers[0]
        copy = read(path).decode(errors="replace") if status == "200" else ""
        result = right(status, copy, wanted)
        if copy.startswith(o["kept"]):
            os.unlink(copy)
        return result

    return judge


def four_requests(answers, o):
    how = " ".join(f"{status},{connects}" for status, _, connects in answers)
    if how != "200,1 200,0 200,0 200,0":
        return how
    wanted = [o["page"], o["post"], o["page"], o["page"]]
    wrong = [n + 1 for n in range(4) if not same(answers[n][1], wanted[n])]
    return f"wrong bytes in {wrong[0]}" if wrong else "good"


def the_status(answers, o):
    return answers[0][0]


def of_curl(kind, visit, o):
    """What curl does of this visit; None: that is not curl's."""
    http, tls = f"http://{o['name']}", f"https://{o['name']}"
    sends = ["-H", "Expect:", "--data-binary"]
    if kind == "strays":
        return {
            "http": Request(visit, [], [http + "/"], the_status),
            "cookie": Request(visit, ["-H", COOKIE], [http + "/"], the_status),
            "post": Request(visit, sends + ["@" + o["post"]], [http + "/keep"], the_status),
            "tls": Request(visit, [], [tls + "/"], the_status),
        }.get(visit)
    return {
        "plain": Request(visit, [], [http + "/"], bring(o["page"])),
        "cookie": Request(visit, ["-H", COOKIE], [http + "/"], bring(o["page"])),
        "keepalive": Request(visit, [], [http + p for p in ("/", "/post", "/", "/")], four_requests),
        "tls": Request(visit, [], [tls + "/"], bring(o["page"])),
        "tls-post": Request(visit, sends + ["@" + o["post"]], [tls + "/keep"], keep(o["post"])),
        "down": Request(visit, [], [http + "/thirty"], bring(o["big"])),
        # Not all of it in memory, as above.
        "up": Request(visit, ["-H", "Expect:", "-X", "POST", "-T", o["big"]], [http + "/keep"], keep(o["big"])),
    }.get(visit)


def curl(requests, family, addr, o):
    """How each of them went."""
    to = f"[{addr}]" if family == "IPv6" else addr
    first = random.randrange(12000, 28000)
    args, n = ["curl", "-sS"], 0
    for request in requests:
        args += ["--next"] if n else []
        args += ["-k", "-m", o["patience"], "--connect-to", f"::{to}:", "--no-sessionid"]
        args += ["--local-port", f"{first}-{first + 19}"] + request.options
        args += ["-w", "%{http_code} %{exitcode} %{num_connects}\\n"]
        if o.get("from"):
            args += ["--interface", o["from"]]
        first += 20
        for url in request.urls:
            out = f"{o['work']}/got{n}"
            if os.path.exists(out):
                os.unlink(out)
            args += ["-o", out, url]
            n += 1
    said = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.splitlines()
    n, results = 0, []
    for request in requests:
        answers = []
        for _ in request.urls:
            code, status, connects = said[n].split() if n < len(said) else ("000", "2", "0")
            how = code if status == "0" else f"{code} exit {status}"
            answers.append((how, f"{o['work']}/got{n}", connects))
            n += 1
        # A connection that was another visit's would show nothing.
        if answers[0][0] == "200" and answers[0][2] != "1":
            results.append("the connection of another visit")
        else:
            results.append(request.judge(answers, o))
    return results


# --- the others -----------------------------------------------------------------------


def openssl(family, addr, o):
    """HTTP over TLS behind a long ClientHello: what it said, and what came; or None."""
    to = f"[{addr}]:443" if family == "IPv6" else f"{addr}:443"
    args = ["openssl", "s_client", "-connect", to, "-servername", o["name"], "-quiet", "-ign_eof", "-alpn", LONG_ALPN]
    if o.get("from"):
        args += ["-bind", f"[{o['from']}]:0" if family == "IPv6" else f"{o['from']}:0"]
    try:
        done = subprocess.run(
            args, input=f"GET / HTTP/1.0\r\nHost: {o['name']}\r\n\r\n".encode(), capture_output=True, timeout=20
        )
    except subprocess.TimeoutExpired:
        return "no answer in 20 s", None
    if done.returncode:
        return (done.stderr.decode(errors="replace").splitlines() or ["nothing"])[-1], None
    return "", done.stdout


def hello(kind, family, addr, o):
    said, got = openssl(family, addr, o)
    if kind == "strays":
        return "000 exit 35" if got is None else got.split(b"\r\n")[0].decode(errors="replace")
    if got is None:
        return said
    head, _, body = got.partition(b"\r\n\r\n")
    status = head.split(b" ")[1].decode() if head.startswith(b"HTTP") else ""
    if status != "200":
        return status or "nothing"
    return "good" if body == read(o["page"]) else "wrong bytes"


def dig(kind, addr, o, *options):
    args = ["dig", "+tries=1", "+time=5", *options, "@" + addr, o["name"]]
    args += ["-b", o["from"]] if kind == "strays" else ["+short"]
    got = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    if kind == "strays":
        return got.partition("status: ")[2].partition(",")[0]
    if got.strip() == o["answer"]:
        return "good"
    return (got.splitlines() or ["nothing"])[-1]


def once(kind, visit, family, addr, o):
    if visit == "hello":
        return hello(kind, family, addr, o)
    if visit == "dns":
        return dig(kind, addr, o)
    if visit == "dns-tcp":
        return dig(kind, addr, o, "+tcp")
    return flights.fly(visit, addr, o["name"], read(o["page"]), read(o["post"]))


# --- all of them ----------------------------------------------------------------------


def first_bad(results):
    return next((r for r in results if r != "good"), results[-1])


def visits_of(kind, family, addr, visits, o):
    o = dict(o)
    if kind == "strays":
        o["from"] = o["from" + family[-1]]
    how = {visit: [] for visit, _ in visits}
    requests = [of_curl(kind, visit, o) for visit, times in visits for _ in range(times)]
    requests = [r for r in requests if r]
    if requests:
        for request, result in zip(requests, curl(requests, family, addr, o)):
            how[request.visit].append(result)
    for visit, times in visits:
        while len(how[visit]) < times and first_bad(how[visit] or ["good"]) == "good":
            how[visit].append(once(kind, visit, family, addr, o))
        print(family, visit, first_bad(how[visit]), flush=True)


def main():
    o, addrs, visits = {}, {}, []
    for arg in sys.argv[2:]:
        key, is_option, value = arg.partition("=")
        if not is_option:
            visit, _, times = arg.partition(":")
            visits.append((visit, int(times)))
        elif key.startswith("IPv"):
            addrs[key] = value
        else:
            o[key] = value
    for family, addr in addrs.items():
        visits_of(sys.argv[1], family, addr, visits, o)


main()
