#!/usr/bin/python3
"""Runs a server and reaps every process it leaves behind.

Without it the CPU seconds of a process whose parent did not wait for it,
as those of OpenSSH's sessions, would be counted nowhere.
"""

import ctypes
import os
import signal
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36


def main():
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit("keeper: cannot become a subreaper")
    server = subprocess.Popen(sys.argv[1:])  # pylint: disable=consider-using-with
    signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGTERM))
    while True:
        pid, status = os.wait()
        if pid == server.pid:
            sys.exit(os.waitstatus_to_exitcode(status) & 0xff)


if __name__ == "__main__":
    main()
