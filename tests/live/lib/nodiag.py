# SPDX-License-Identifier: GPL-2.0-only
"""Runs a command for which the kernel has no NETLINK_SOCK_DIAG, by a seccomp filter
that refuses such sockets (x86-64 and arm64: socket is another number there).

    nodiag.py COMMAND...
"""
import ctypes
import os
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
AF_NETLINK, SOCK_DIAG, EPROTONOSUPPORT = 16, 4, 93
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def insn(code, jt, jf, k):
    return struct.pack("HBBI", code, jt, jf, k)


program = b"".join(
    [
        insn(LOAD, 0, 0, 0),  # the system call's number
        insn(EQUAL, 0, 5, SOCKET),
        insn(LOAD, 0, 0, 16),  # its first argument
        insn(EQUAL, 0, 3, AF_NETLINK),
        insn(LOAD, 0, 0, 32),  # its third
        insn(EQUAL, 0, 1, SOCK_DIAG),
        insn(RETURN, 0, 0, ERRNO | EPROTONOSUPPORT),
        insn(RETURN, 0, 0, ALLOW),
    ]
)
buffer = ctypes.create_string_buffer(program)
fprog = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, MODE_FILTER, fprog, 0, 0):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
