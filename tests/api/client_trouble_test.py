#!/usr/bin/env python3
"""The docker command line against daemons that answer nonsense, or stop answering.

Each case is a list of answers, one for each connection; the client must end with
the exit code and the words given, never by a signal."""
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("DRYDOCK_BUILD", os.path.join(HERE, "..", "..", "build"))
DOCKER = os.path.join(BUILD, "docker")


def ok(body, extra=""):
    return (f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


CREATED = ok('{"Id":"abc"}', "Connection: close\r\n")
UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n"
WAITING = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
STARTED = b"HTTP/1.1 204 No Content\r\n\r\n"

# name, answers, words after "docker", exit code, expression that the output matches
CASES = [
    ("hangs up at once", [b""], "ps", 1, "hung up"),
    ("noise", [b"\x00\xff\x01" * 100], "ps", 1, "hung up"),
    ("another protocol", [b"SSH-2.0-OpenSSH_9\r\n\r\n"], "version", 1, "does not answer in HTTP"),
    ("header cut off", [b"HTTP/1.1 200 OK\r\nContent-Le"], "ps", 1, "hung up"),
    ("body cut off", [ok("[]").replace(b": 2", b": 500")], "ps", 1, "hung up"),
    ("broken chunk", [WAITING + b"zz\r\n"], "ps", 1, "does not answer in HTTP"),
    ("chunk without end", [WAITING + b"5\r\nhel"], "ps", 1, "hung up"),
    ("not JSON", [ok("hello")], "ps", 1, "is not"),
    ("half of a document", [ok('{"a":')], "inspect x", 1, "is not"),
    ("error without a reason", [b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"], "ps", 1,
     "Error response from daemon: the daemon gave no reason"),
    ("error in plain words", [b"HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\nboom"], "ps", 1,
     "Error response from daemon: boom"),
    ("hint of an error", [b"HTTP/1.1 409 X\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n"
                          b'{"message":"no","hint":"try"}'], "rm x", 1, "daemon: no\nHint: try"),
    ("other types in ps", [ok('[1,"x",null,{"Id":5,"Names":"x","Ports":{"a":1},"Created":"x"}]')], "ps", 0, "NAMES"),
    ("other types in images", [ok('[1,{"Id":5,"RepoTags":[1,null],"Created":"x"}]')], "images", 0, "REPOSITORY"),
    ("other types in history", [ok('[1,{"Id":5}]')], "history x", 0, "CREATED BY"),
    ("other types in info", [ok('{"DriverStatus":[1,[2],["a"]],"Plugins":5,"Runtimes":7,"Warnings":[3],'
                                '"SecurityOptions":[1,"name","=,="]}')], "info", 0, "Server:"),
    ("other types in df", [ok('{"Images":[1],"Containers":[2],"Volumes":5,"BuildCache":[{}]}')], "system df -v", 0,
     "Images space usage"),
    ("other types in version", [ok('{"Components":[1,{"Name":"Engine","Details":4}]}')], "version", 0, "Engine"),
    ("other types in stats", [ok('[{"Id":"abc"}]'), ok('{"cpu_stats":5}')], "stats --no-stream", 0, "abc"),
    ("other types in top", [ok('{"Titles":5,"Processes":[1,[2,"x"]]}')], "top x", 0, "x"),
    ("other types in port", [ok('{"NetworkSettings":{"Ports":{"x":5,"80/tcp":[1,{"HostIp":3}]}}}')], "port x", 0, "80"),
    ("other types in events", [b'HTTP/1.1 200 OK\r\n\r\n{"x":1}\n[]\nzz\n{"Actor":4,"timeNano":"x"}\n'], "events", 0,
     "1970"),
    ("other types in a pull", [b'HTTP/1.1 200 OK\r\n\r\n{"status":5}\n{"status":"x","id":7}\n{"error":"no"}\n'],
     "pull x", 1, "no"),
    ("other types in networks", [ok('[1,{"Name":5}]')], "network ls", 0, "NETWORK ID"),
    ("other types in volumes", [ok('{"Volumes":[1,{"Name":5,"UsageData":1}]}')], "volume ls", 0, "VOLUME NAME"),
    ("other types in diff", [ok('[1,{"Kind":99,"Path":4}]')], "diff x", 0, r"\?"),
    ("other types in prune", [ok('{"ContainersDeleted":[1,{"x":2}]}')], "container prune -f", 0, "Total"),
    ("created without an id", [ok("{}")], "run x", 125, "no id"),
    ("attach is refused", [CREATED, b"HTTP/1.1 409 X\r\nContent-Length: 2\r\n\r\nno"], "run x", 125, "no"),
    ("no frames", [CREATED, UPGRADED + b"X" * 20, WAITING, STARTED], "run x", 125, "Unrecognized input header"),
    ("gone while waiting", [CREATED, UPGRADED + b"\1\0\0\0\0\0\0\3abc", WAITING, STARTED], "run x", 125,
     "(?s)abc.*hung up"),
    ("exec without an exit code", [CREATED, UPGRADED, ok('{"ExitCode":"x"}')], "exec x y", 0, "^$"),
]


def serve(listener, answers):
    """One answer for each connection, the last one again and again."""
    count = 0
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(2)
            try:
                connection.recv(65536)
                connection.sendall(answers[min(count, len(answers) - 1)])
            except OSError:
                pass
        count += 1


def run(folder, answers, words):
    path = os.path.join(folder, "socket")
    if os.path.exists(path):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(16)
        threading.Thread(target=serve, args=(listener, answers), daemon=True).start()
        done = subprocess.run([DOCKER, "-H", "unix://" + path] + words.split(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
    return done.returncode, done.stdout.decode(errors="replace")


def main():
    failed = 0
    print(f"1..{len(CASES)}")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, answers, words, code, expression) in enumerate(CASES, 1):
            got, said = run(folder, answers, words)
            fine = got == code and re.search(expression, said)
            print(f"{'ok' if fine else 'not ok'} {number} - {name}: docker {words}", flush=True)
            if not fine:
                failed += 1
                print(f"# left with {got}, not {code}; {said!r} against {expression!r}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
