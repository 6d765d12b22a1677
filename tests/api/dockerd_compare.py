#!/usr/bin/env python3
"""dockerd_compare.py - the same command lines against dockerd and against Drydock.

    dockerd_compare.py LINES DIFFERENCES ANSWERS OURS [THEIRS [PID]]

OURS and THEIRS are sockets.  Each line of LINES is run by bash with the docker client
for both; what they print and their exit codes must be equal once ids, times, sizes and
addresses are.  Without THEIRS the ANSWERS that were recorded of it take its place;
with --record they are written.  PID: a process of THEIRS, whose network the client's
other commands should see.  DIFFERENCES lists, with reasons, what may differ; one that
no line needs any more is a failure, too.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

CLEAN = """d rm -fv $(d ps -aq) >/dev/null 2>&1; d network prune -f >/dev/null 2>&1
d volume rm -f $(d volume ls -q) >/dev/null 2>&1
for i in $(d images --format '{{.Repository}}:{{.Tag}}'); do
	case $i in busybox:latest) ;; *) d rmi -f "$i" >/dev/null 2>&1 ;; esac
done; d image prune -f >/dev/null 2>&1; true"""

# What no two runs have in common, and what stands for it.
EQUAL = [(re.compile(p, re.M), to) for p, to in (
    (r"sha256:[0-9a-f]{64}", "sha256:ID"),
    (r"\b[0-9a-f]{64}\b", "ID"),
    (r"\b[0-9a-f]{12}\b", "ID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| \+0000 UTC|[+-]\d\d:\d\d)?", "TIME"),
    (r"(Less than a|About an?|\d+) (second|minute|hour)s?( ago)?", "AGO"),
    (r"\b\d+(\.\d+)?([kMG]i?)?B\b", "SIZE"),
    (r"\b172\.\d+\.\d+\.\d+", "IP"),
    (r"(0\.0\.0\.0|\[::\]|127\.0\.0\.1|:::?)(:)?(3[2-9]|[45]\d)\d{3}\b", r"\1\2PORT"),
    (r"\bunix://\S+", "SOCKET"),
    (r"(lookup \S+) on \S+:53: .*", r"\1: no answer"),
    (r"(?<=: )[A-Z](?=[a-z ])", lambda m: m.group().lower()),	# capitals went in dockerd 23
    (r"[ \t]+", " "),
    (r" +$", ""),
)]


def fixtures(home):
    """The files that the lines speak of."""
    def put(name, text):
        path = os.path.join(home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        os.utime(path, (1700000000, 1700000000))
    put("f", "file\n")
    put("dir/one", "1\n")
    put("dir/two", "2\n")
    put("ctx/file", "in the context\n")
    put("ctx/Dockerfile", "FROM busybox\nENV A=1\nWORKDIR /w\nCOPY file .\n"
        "RUN echo $A >a\nLABEL x=y\nCMD [\"cat\", \"file\", \"a\"]\n")
    put("ctx/Dockerfile.stdin", "FROM busybox\nRUN true\n")
    put("ctx/Dockerfile.args", "ARG BASE=busybox\nFROM $BASE\nARG WHO=nobody\n"
        "RUN echo hello $WHO >/hello\nCMD cat /hello\n")
    put("ctx/Dockerfile.bad", "FROM busybox\nRUNN true\n")
    put("ctx/Dockerfile.empty", "# nothing\n")
    put("ctx/Dockerfile.fails", "FROM busybox\nRUN exit 3\n")
    put("ctx/Dockerfile.nofrom", "RUN true\n")
    put("ctx/Dockerfile.missing", "FROM busybox\nCOPY nosuch /x\n")
    put("ctx/Dockerfile.stages", "FROM busybox AS first\nRUN echo one >/s\nCMD cat /s\n"
        "FROM busybox\nCOPY --from=first /s /t\nRUN echo two >>/t\nCMD cat /t\n")


class Side:
    """One daemon, and the directory its lines run in."""

    def __init__(self, socket, pid=None):
        self.socket, self.pid = socket, pid
        self.home = tempfile.mkdtemp(prefix="compare-")

    def shell(self, line):
        """stdout, stderr and exit code of a line as one text."""
        words = ["bash", "-c", f'd() {{ timeout 25 docker "$@"; }}\n{line}']
        if self.pid:
            words = ["nsenter", "-t", self.pid, "-n", *words]
        env = dict(os.environ, DOCKER_HOST=f"unix://{self.socket}", HOME=self.home, DOCKER_BUILDKIT="0",
                   DOCKER_CLI_HINTS="false", DOCKER_CONFIG=self.home + "/.docker", LC_ALL="C")
        done = subprocess.run(words, cwd=self.home, env=env, capture_output=True, text=True,
                              errors="replace", stdin=subprocess.DEVNULL)
        return self.even(f"{done.stdout}--- {done.stderr}--- {done.returncode}")

    def even(self, text):
        text = text.replace(self.home, "HOME")
        for pattern, to in EQUAL:
            text = pattern.sub(to, text)
        return text

    def run_all(self, groups):
        self.answers = []
        for _, lines in groups:
            shutil.rmtree(self.home)
            os.makedirs(self.home)
            fixtures(self.home)
            self.shell(CLEAN)
            self.answers += [self.shell(line) for line in lines]
        self.shell(CLEAN)
        shutil.rmtree(self.home)


def read_groups(path):
    groups = []
    with open(path) as f:
        for line in map(str.strip, f):
            if line.startswith("== "):
                groups.append((line[3:], []))
            elif line and not line.startswith("#"):
                groups[-1][1].append(line)
    return groups


class Difference:
    """A row of DIFFERENCES: a kind, and patterns for the line and for both sides' words."""

    def __init__(self, row):
        self.row = row
        self.kind, *patterns = (part.strip() for part in row.split(" | "))
        self.where, self.theirs, self.ours = (
            None if p == "-" else re.compile(p, re.I) for p in patterns)
        self.used = False

    def apply(self, line, ours, theirs):
        """Both answers with these words taken for the same, if they are there; "-" stands
        for words that the other side doesn't have at all."""
        if ours == theirs or not self.where.search(line):
            return ours, theirs
        found = [p is None or p.search(t) for p, t in ((self.ours, ours), (self.theirs, theirs))]
        if not all(found):
            return ours, theirs
        self.used = True
        same = "" if None in (self.ours, self.theirs) else "SAME"
        return (self.ours.sub(same, ours) if self.ours else ours,
                self.theirs.sub(same, theirs) if self.theirs else theirs)


def read_differences(path):
    with open(path) as f:
        return [Difference(row) for row in map(str.strip, f) if row and not row.startswith("#")]


def read_answers(path):
    with open(path) as f:
        return [block.split("\n", 1)[1].rstrip("\n") for block in f.read().split("\n>>> ")[1:]]


def write_answers(path, lines, answers):
    with open(path, "w") as f:
        f.write("# What dockerd answered, recorded by dockerd_compare.py --record.\n")
        for line, answer in zip(lines, answers):
            f.write(f"\n>>> {line}\n{answer}\n")


def main():
    record = "--record" in sys.argv
    words = [w for w in sys.argv[1:] if w != "--record"]
    groups, differences, recorded = read_groups(words[0]), read_differences(words[1]), words[2]
    lines = [line for _, some in groups for line in some]
    ours = Side(words[3])
    theirs = Side(*words[4:]) if len(words) > 4 else None
    threads = [threading.Thread(target=side.run_all, args=(groups,)) for side in (ours, theirs) if side]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if theirs and record:
        write_answers(recorded, lines, theirs.answers)
    expected = theirs.answers if theirs else read_answers(recorded)
    report(lines, ours.answers, expected, differences)


def report(lines, ours, theirs, differences):
    print(f"1..{len(lines) + 1}")
    for n, (line, a, b) in enumerate(zip(lines, ours, theirs), 1):
        for d in differences:
            a, b = d.apply(line, a, b)
        print(f"{'ok' if a == b else 'not ok'} {n} - {line}")
        if a != b:
            print("\n".join(f"# dockerd: {t}" for t in b.split("\n")))
            print("\n".join(f"# drydock: {t}" for t in a.split("\n")))
    idle = [d.row for d in differences if not d.used]
    print(f"{'not ok' if idle else 'ok'} {len(lines) + 1} - every difference that is listed is there")
    for why in idle:
        print(f"# no line shows: {why}")


main()
