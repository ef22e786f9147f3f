"""Run a command as systemd confines it: no memory that is writable and executable, and only the named system calls.

    python tests/configs/confined.py read,write,... COMMAND [ARGUMENT...]

A system call that is not named fails with EPERM. Stands in for systemd where that does not run as process 1.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65
"""Linux 6.3 or newer; <linux/prctl.h>"""
SCMP_ACT_ALLOW = 0x7FFF0000
SCMP_ACT_ERRNO = 0x00050000
"""<seccomp.h>; the error number is in the lower half"""


def confine(system_calls: list[str]) -> None:
    """Confine this process and what it becomes."""
    libc, seccomp = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2")
    for option in (PR_SET_NO_NEW_PRIVS, PR_SET_MDWE):
        # an older kernel does not know the second
        if libc.prctl(option, 1, 0, 0, 0) != 0 and ctypes.get_errno() != errno.EINVAL:
            raise OSError(ctypes.get_errno(), f"prctl {option}")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    allowed = ctypes.c_void_p(seccomp.seccomp_init(SCMP_ACT_ERRNO | errno.EPERM))
    for name in system_calls:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # others are of other machines
            seccomp.seccomp_rule_add(allowed, SCMP_ACT_ALLOW, number, 0)
    if seccomp.seccomp_load(allowed) != 0:
        raise OSError(errno.EPERM, "the filter of system calls cannot be loaded")


if __name__ == "__main__":
    confine(sys.argv[1].split(","))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
