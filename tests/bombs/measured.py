# SPDX-License-Identifier: Apache-2.0
"""Runs a command and prints what it took: measured.py FILE SECONDS COMMAND... A process of its own, since the peak of a child
begins with that of the process which starts it."""
import json
import os
import signal
import sys


def main() -> None:
    report, seconds, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    child = os.posix_spawn(command[0], command, os.environ)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(seconds)
    _, status, usage = os.wait4(child, 0)
    with open(report, "w", encoding="utf-8") as file:
        json.dump({"code": os.waitstatus_to_exitcode(status), "bytes": usage.ru_maxrss * 1024, "seconds": usage.ru_utime + usage.ru_stime}, file)


main()
