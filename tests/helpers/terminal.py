"""terminal.py - a program in a terminal of so many columns, and what can be read there."""
import fcntl
import os
import pty
import re
import select
import struct
import termios
import unicodedata


def run(argv, columns, typed=b"", env=None, limit=60):
    """All that it wrote.  The typed bytes wait in the terminal until they are read."""
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execvpe(argv[0], argv, dict(os.environ, TERM="xterm", **(env or {})))
    os.write(fd, typed)
    out = b""
    while select.select([fd], [], [], limit)[0]:
        try:
            more = os.read(fd, 65536)
        except OSError:     # EIO: it has ended
            break
        if not more:
            break
        out += more
    os.close(fd)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, readable(out.decode())


def readable(text):
    """Without escape sequences and carriage returns."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\x01\x02]", "", text)


def width(line):
    """Columns that a terminal needs for it."""
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def torn(text, columns):
    """Lines that a terminal would break by itself, but for one long word in code."""
    return [line for line in text.split("\n") if width(line) > columns]
