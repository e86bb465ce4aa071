"""Runs a program and sends it a signal as it enters its Nth system call, before the call is made.

    kill_at.py N SIGNAL PROGRAM [ARGUMENT…]

SIGNAL is KILL, INT or TERM. The last line on stdout is `killed` (by KILL) or `ended CODE CALLS`, CALLS
being how many system calls there were, and CODE being -2 if INT ended it. N = 0 sends nothing. Linux only, and the main thread's calls only.
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
    limit, number = int(sys.argv[1]), signal.Signals["SIG" + sys.argv[2]]
    pid = os.fork()
    if pid == 0:
        ptrace(TRACEME, 0)
        os.execv(sys.argv[3], sys.argv[3:])
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
                os.kill(pid, number)
                if number == signal.SIGKILL:
                    os.waitpid(pid, 0)
                    print("killed")
                    return
        entering = not entering


main()
