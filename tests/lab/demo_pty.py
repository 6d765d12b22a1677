#!/usr/bin/env python3
"""demo_pty.py DRYDOCK: a speaker and a second terminal; prints TAP (an engine runs)."""
import os
import pty
import re
import signal
import subprocess
import sys

drydock = sys.argv[1]
count = 0


def result(good, name, said=""):
    global count
    count += 1
    print("%sok %d - %s" % ("" if good else "not ", count, name))
    if not good:
        print("\n".join("# " + line for line in said.splitlines()[-30:]))


class Terminal:
    def __init__(self, *words):
        self.said, self.at = "", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm", COLUMNS="80", LINES="24")
            os.execv(drydock, [drydock, *words])

    def read(self):
        try:
            self.said += os.read(self.fd, 65536).decode(errors="replace")
            return True
        except OSError:
            return False

    def see(self, text):
        """Waits until it says so, after what was seen before."""
        while text not in self.said[self.at:]:
            if not self.read():
                return False
        self.at = self.said.index(text, self.at) + len(text)
        return True

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def left():
    """Looked at as nobody who learns."""
    return subprocess.run([drydock, "docker", "ps", "-aq"], capture_output=True, text=True,
                          env=dict(os.environ, DRYDOCK_ACTOR="grader")).stdout


def speak():
    """To the end, with a vote in two rounds, and somebody at the notes."""
    t = Terminal("demo", "ephemerality", "--speed", "100")
    t.see("q: end]")
    notes = Terminal("demo", "--notes")
    result(notes.see("step 1 of 5"), "who joins late sees where the speaker is", notes.said)
    t.type("\r")
    t.see("q: end]")
    t.type("+\r")
    result(t.see("First vote") and t.see("> "), "a prediction is put to the vote", t.said)
    t.type("many\r")
    result(t.see("again: "), "what is no vote is asked for again", t.said)
    t.see("> ")
    t.type("6 3 1\r")
    result(t.see("a  1. ##################............    6   60 %"), "bars of the first round", t.said)
    t.see("Second vote")
    t.see("> ")
    t.type("bbbbbbbbba\r")
    result(t.see("b  2. ###########################...    9   90 %"), "and of the second", t.said)
    while t.see("q: end]"):
        t.type("\r")
    code = t.end()
    words = re.sub("\x1b\\[[0-9;]*m", "", t.said)
    result(code == 0 and "right is b: The layer lives" in words and "seen: " in words,
           "the outcome stands there, and the end", t.said)
    result(notes.end() == 0 and "right is b" in notes.said and "step 5 of 5" in notes.said,
           "the notes have followed to the end", notes.said)
    result("right is b" not in t.said[:t.said.index("Second vote")],
           "the room does not see the answer before it votes")
    result(left() == "", "nothing is left")


def stopped():
    """Ctrl-C while it waits, while it asks, and while a line runs; q; a terminal that goes."""
    t = Terminal("demo", "ephemerality", "--speed", "100")
    t.see("q: end]")
    t.type("\x03")
    result(t.end() == 130 and left() == "", "Ctrl-C before a line: 130, and nothing is left", t.said)
    t = Terminal("demo", "ephemerality", "--speed", "100")
    for _ in range(2):
        t.see("q: end]")
        t.type("\r")
    t.see("> ")
    t.type("\x03")
    result(t.end() == 130 and left() == "", "Ctrl-C at a vote", t.said)
    with open("long.md", "w") as f:
        f.write("---\nname: long\ntitle: t\nshows: s\nscript:\n"
                "  - run: docker run --name demo-long ubuntu:20.04 sh -c 'echo it runs; sleep 1000'\n"
                "cleanup: [docker rm -f demo-long]\n---\n# t\n")
    t = Terminal("demo", "./long.md", "--auto", "--speed", "100")
    t.see("it runs\r\n")
    t.type("\x03")
    result(t.end() == 130 and left() == "", "Ctrl-C while a container runs", t.said)
    t = Terminal("demo", "ephemerality", "--speed", "100")
    t.see("q: end]")
    t.type("q")
    result(t.end() == 130, "q ends it, too", t.said)
    t = Terminal("demo", "./long.md", "--auto", "--speed", "100")
    t.see("it runs\r\n")
    os.kill(t.pid, signal.SIGHUP)
    result(t.end() == 130 and left() == "", "a hang-up", t.said)
    t = Terminal("demo", "--notes")
    result(t.end() == 2 and "no demonstration of yours is running" in t.said,
           "notes of nothing: says so", t.said)


speak()
stopped()
print("1..%d" % count)
