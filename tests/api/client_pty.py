#!/usr/bin/env python3
"""Runs a command in a terminal of its own and plays a user at it.

    client_pty.py ACTION... -- COMMAND...

Actions, in order: wait:TEXT (until the screen has shown it, 10 s at most),
type:TEXT (\\r, \\x10 … as in Python), size:ROWSxCOLUMNS, signal:NAME, sleep:SECONDS.
Prints what was on the screen, then "exit N" and whether the terminal's modes are
as they were."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time


class Screen:
    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.execvp(command[0], command)
        self.size(24, 80)
        self.before = termios.tcgetattr(self.fd)
        self.text = b""
        self.seen = 0

    def size(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return
        try:
            self.text += os.read(self.fd, 65536)
        except OSError:     # the last program has left
            time.sleep(seconds)

    def wait(self, text):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            at = self.text.find(text, self.seen)
            if at >= 0:
                self.seen = at + len(text)
                return
            self.read(0.05)

    def left(self):
        """The exit status, waiting for it up to 5 s; None: it is still there."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.read(0)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        return None

    def act(self, action):
        kind, _, what = action.partition(":")
        text = what.encode().decode("unicode_escape").encode("latin-1")
        if kind == "wait":
            self.wait(text)
        elif kind == "type":
            os.write(self.fd, text)
        elif kind == "size":
            self.size(*map(int, what.split("x")))
        elif kind == "signal":
            os.kill(self.pid, getattr(signal, "SIG" + what))
        else:
            self.read(float(what))


def main():
    split = sys.argv.index("--")
    screen = Screen(sys.argv[split + 1:])
    for action in sys.argv[1:split]:
        screen.act(action)
    status = screen.left()
    same = termios.tcgetattr(screen.fd) == screen.before
    sys.stdout.write(screen.text.decode(errors="replace").replace("\r", ""))
    print(f"\nexit {status}\nterminal {'restored' if same else 'changed'}")


main()
