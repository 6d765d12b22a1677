"""terminal.py - a program in a terminal of so many columns, and what can be read there."""
import fcntl
import os
import pty
import re
import select
import struct
import termios
import unicodedata


def start(argv, columns, env=None):
    """The process and the terminal's other end."""
    pid, fd = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execvpe(argv[0], argv, dict(os.environ, TERM="xterm", **(env or {})))
    return pid, fd


def read_until(fd, prompt, limit):
    """What comes until the end of it matches the prompt; None: until the program has ended."""
    out = b""
    while not (prompt and re.search(prompt, readable(out.decode(errors="ignore")))):
        if not select.select([fd], [], [], limit)[0]:
            raise TimeoutError("no prompt after: " + readable(out.decode(errors="replace")))
        try:
            more = os.read(fd, 65536)
        except OSError:     # EIO: it has ended
            more = b""
        if not more:
            break
        out += more
    return out.decode()


def run(argv, columns, lines=(), prompt=None, env=None, limit=120):
    """Its exit code and all that it wrote.  Each line is typed when the prompt is there."""
    pid, fd = start(argv, columns, env)
    out = ""
    for line in lines:
        out += read_until(fd, prompt, limit)
        os.write(fd, line.encode() + b"\r")
    out += read_until(fd, None, limit)
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), readable(out)


def readable(text):
    """Without escape sequences, carriage returns, and the blanks that find a line's start."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\x01\x02]", "", text)
    return re.sub(r"~ +\r|\r", "", text)


def width(line):
    """Columns that a terminal needs for it."""
    return sum(0 if unicodedata.combining(c) else
               2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def torn(text, columns):
    """Lines that a terminal would break by itself, but for one long word in code."""
    return [line for line in text.split("\n") if width(line) > columns]
