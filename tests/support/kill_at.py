"""Runs a program and kills it (SIGKILL) as it enters its Nth system call, before the call is made.

    kill_at.py N PROGRAM [ARGUMENT…]

The last line on stdout is `killed` or `ended CODE CALLS`, CALLS being how many system calls there
were. N = 0 kills nothing. Linux only, and the main thread's calls only.
"""

import ctypes
import os
import signal
import sys

TRACEME, SYSCALL, SETOPTIONS = 0, 24, 0x4200
SYSGOOD, EXITKILL = 1, 0x100000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, data) < 0:
        sys.exit(f"ptrace {request}: {os.strerror(ctypes.get_errno())}")


def main():
    limit = int(sys.argv[1])
    pid = os.fork()
    if pid == 0:
        ptrace(TRACEME, 0)
        os.execv(sys.argv[2], sys.argv[2:])
    os.waitpid(pid, 0)
    ptrace(SETOPTIONS, pid, SYSGOOD | EXITKILL)
    calls, entering, deliver = 0, True, 0
    while True:
        ptrace(SYSCALL, pid, deliver)
        deliver = 0
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            print("ended", os.waitstatus_to_exitcode(status), calls)
            return
        stopped_by = os.WSTOPSIG(status)
        if stopped_by != signal.SIGTRAP | 0x80:
            deliver = 0 if stopped_by == signal.SIGTRAP else stopped_by
            continue
        if entering:
            calls += 1
            if calls == limit:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                print("killed")
                return
        entering = not entering


main()
