#!/usr/bin/env python3
"""Every verb and option of docker's own client against ours, from both --help texts.

Usage: client_options.py REAL OURS, with DOCKER_HOST of a running daemon (docker hides
what the daemon is too old for).  Prints TAP.  What we leave out or add is listed here,
each with its reason.
"""
import os
import re
import subprocess
import sys

REAL, OURS = sys.argv[1:]

# Other programs' verbs, which docker's client shows where they are installed.
NOT_OURS = {"buildx", "compose"}
# Groups of what this engine has none of: their options change nothing and aren't shown.
NONE_HERE = {"swarm", "service", "stack", "node", "config", "secret", "plugin", "trust",
             "checkpoint"}
# (verb or "*", option): why it is on one side only.
LISTED = {
    ("*", "--dry-run"): "ours: shows the kernel calls of a run",
    ("*", "--use-api-socket"): "an experiment of docker 28: hands passwords to the container",
}


def say_help(client, path):
    env = dict(os.environ, COLUMNS="300", DOCKER_CLI_HINTS="false")
    said = subprocess.run([client, *path, "--help"], capture_output=True, text=True, env=env,
                          stdin=subprocess.DEVNULL, timeout=20)
    return said.stdout


def verbs_in(text):
    names = []
    for part in re.finditer(r"^[A-Za-z ]*Commands:\n((?:  .*\n)*)", text, re.M):
        names += [line.split()[0].rstrip("*") for line in part.group(1).splitlines()
                  if re.match(r"  \S", line)]
    return names


def options_in(text):
    """{"--name": (letter, kind of value)}"""
    found = {}
    part = re.search(r"^(?:Global )?Options:\n((?:.+\n)*)", text, re.M)
    for line in part.group(1).splitlines() if part else []:
        row = re.match(r" {2,8}(?:(-\w), )? *(--[\w-]+)(?: (\w+))?(?: {2,}|$)", line)
        if row:
            found[row.group(2)] = (row.group(1), row.group(3))
    return found


def aliases_in(text):
    part = re.search(r"^Aliases:\n(.*)", text, re.M)
    return sorted(part.group(1).strip().split(", ")) if part else []


def walk(client, path=()):
    """{path: help text} of every verb and group"""
    text = say_help(client, path)
    tree = {path: text}
    for name in verbs_in(text) if len(path) < 2 else []:
        if path or name not in NOT_OURS:
            tree.update(walk(client, path + (name,)))
    return tree


def hidden(client):
    """the groups that docker shows to a swarm's nodes only"""
    tree = {}
    for name in sorted(NONE_HERE - {"checkpoint"}):
        tree.update(walk(client, (name,)))
    return tree


def compare(path, real, ours):
    """what differs, a line each"""
    lines = []
    verb = " ".join(path)
    a, b = options_in(real), options_in(ours)
    for name in sorted(a.keys() | b.keys()):
        if ("*", name) in LISTED or (verb, name) in LISTED:
            continue
        if path and path[0] in NONE_HERE and name not in b:
            continue
        if a.get(name) != b.get(name):
            lines.append(f"{name}: docker's {a.get(name)}, ours {b.get(name)}")
    if aliases_in(real) != aliases_in(ours):
        lines.append(f"aliases: docker's {aliases_in(real)}, ours {aliases_in(ours)}")
    if not re.search(r"^Usage: ", ours, re.M):
        lines.append("no usage line")
    return lines


def main():
    real, ours = walk(REAL) | hidden(REAL), walk(OURS) | hidden(OURS)
    failed = 0
    paths = sorted(real.keys() | ours.keys())
    print(f"1..{len(paths)}")
    for n, path in enumerate(paths, 1):
        name = " ".join(("docker",) + path)
        if path not in ours:
            lines = ["ours has no such verb"]
        elif path not in real:
            lines = ["docker has no such verb"]
        else:
            lines = compare(path, real[path], ours[path])
        print(f"{'not ok' if lines else 'ok'} {n} - {name}")
        for line in lines:
            print(f"#   {line}")
        failed += bool(lines)
    return failed > 0


sys.exit(main())
