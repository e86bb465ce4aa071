"""Runs a program as another user, without other groups and without root's rights. Only root can.

    as_user.py UID PROGRAM [ARGUMENT…]

The program is opened before, so that it may lie where the user cannot go.
"""

import os
import sys

user = int(sys.argv[1])
program = os.open(sys.argv[2], os.O_RDONLY)
os.setgroups([])
os.setresgid(user, user, user)
os.setresuid(user, user, user)
os.execve(program, sys.argv[2:], os.environ)
