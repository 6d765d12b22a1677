#!/usr/bin/env python3
"""Requests nobody should send, at random but repeatable: hostile_requests.py SEED SECONDS.

Half of them are any route with any words; half are create bodies whose fields have the
right names and, mostly, the right types.  Prints what was answered with 500, or not at
all; leaves with 1 if the daemon is gone or never answered well.
"""
import json, os, random, re, socket, sys, time

SOCKET = os.environ["DOCKER_HOST"].removeprefix("unix://")
ROUTES = re.findall(r'ROUTE\("(\w+)",\s+"([^"]+)"', open(sys.argv[3]).read())
PLACE = os.environ["WORK"]		# what a bind may touch on this machine
pick = random.choice
answers = {}

WORDS = ["hello-world", "", "a" * 300, "..%2F..%2Fetc", "%00", "%ff", "x%20y", "0", "-1",
         "9" * 21, "true", "KILL", "SIGX", "1.5", "2020-01-01T00:00:00Z", "{}", "[]", "null",
         "%7B%22name%22%3A%5B%22x%22%5D%7D", "%7B%22name%22%3A5%7D", "sha256:" + "0" * 64]
QUERY = ["all", "limit", "size", "filters", "force", "signal", "condition", "h", "w", "name", "tail",
         "since", "stdout", "stderr", "timestamps", "ps_args", "one-shot", "tag", "repo", "platform"]
TEXTS = ["", "a", "/x", f"{PLACE}:/y", "a:b:c", f"{PLACE}:/y:ro", f"{PLACE}:/y:zz", "::", "=", "A=B", "1",
         "0", "-1", "65536", "80/tcp", "80", "99999/udp", "80/xyz", "../..", "/../../etc", "host",
         "none", "bridge", "container:", "no", "always", "a" * 500, "\u00e9", "seccomp=unconfined",
         "no-new-privileges", "NET_ADMIN", "ALL", "nofile", "size=1m,ro", "x=host-gateway", "json-file"]
NUMBERS = [0, 1, -1, 2**31, 2**63, 1e300, 0.5, 6 << 20, 100]


def texts():
    return [pick([5, None, {}]) if random.random() < .05 else pick(TEXTS) for _ in range(random.randint(0, 4))]

def number(): return pick(NUMBERS)
def text(): return pick(TEXTS)
def table(): return {text(): text() for _ in range(random.randint(0, 3))}
def yes(): return True

HOST = {
    "Binds": texts, "CapAdd": texts, "CapDrop": texts, "Dns": texts, "DnsSearch": texts, "ExtraHosts": texts,
    "GroupAdd": texts, "SecurityOpt": texts, "MaskedPaths": texts, "ReadonlyPaths": texts,
    "Tmpfs": table, "Sysctls": table, "NetworkMode": text, "CpusetCpus": text,
    "Memory": number, "MemorySwap": number, "NanoCpus": number, "CpuQuota": number, "CpuShares": number,
    "PidsLimit": number, "ShmSize": number, "OomScoreAdj": number,
    "Privileged": yes, "ReadonlyRootfs": yes, "AutoRemove": yes, "PublishAllPorts": yes, "Init": yes,
    "ConsoleSize": lambda: [number(), number()],
    "RestartPolicy": lambda: {"Name": text(), "MaximumRetryCount": number()},
    "LogConfig": lambda: {"Type": text(), "Config": table()},
    "PortBindings": lambda: {text(): pick([[{"HostIp": text(), "HostPort": text()}], [], None, [5]])},
    "Ulimits": lambda: [{"Name": text(), "Soft": number(), "Hard": number()}, pick([5, None, {}])],
    "Mounts": lambda: [{"Type": pick(["bind", "tmpfs", "volume", "x"]), "Source": PLACE, "Target": text(),
                        "TmpfsOptions": pick([{"SizeBytes": number(), "Mode": number()}, None, 5])}],
}
CONFIG = {
    "User": text, "WorkingDir": text, "StopSignal": text, "Hostname": text, "Domainname": text, "Env": texts,
    "Labels": table, "ExposedPorts": table, "Volumes": table, "StopTimeout": number, "Tty": yes,
    "OpenStdin": yes, "Cmd": lambda: pick([["true"], [text()], text(), texts()]),
    "Entrypoint": lambda: pick([None, [""], [text()], text()]),
}


def call(method, path, body=b"", headers=""):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(25)
    s.connect(SOCKET)
    s.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}"
              f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n\r\n".encode() + body)
    got = b""
    while part := s.recv(65536):
        got += part
        if got.startswith(b"HTTP/1.1 101"):
            break
    s.close()
    status = got[9:12]
    answers[status] = answers.get(status, 0) + 1
    return int(status), got.partition(b"\r\n\r\n")[2]


def any_route():
    method, path = pick(ROUTES)
    if path.endswith(("/wait", "/stop", "/restart", "/events", "/auth")):
        return		# they take their time, rightly
    if random.random() < .05:
        method = pick(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"])
    path = re.sub(r"\{\*?\}", lambda _: pick(WORDS), path)
    query = "&".join(f"{pick(QUERY)}={pick(WORDS)}" for _ in range(random.randint(0, 3)))
    body = json.dumps(pick([{}, [], None, 5, "x", {"type": "typed", "data": []}, table()])).encode()
    call(method, pick(["", "/v1.24", "/v1.41", "/v9.9", "/v1.99"]) + f"{path}?follow=0&stream=0&{query}",
         body[:random.randint(0, len(body))] if random.random() < .2 else body,
         pick(["", "", "Connection: Upgrade\r\nUpgrade: tcp\r\n"]))


def any_container():
    body = {"Image": "busybox", "Cmd": ["true"],
            "HostConfig": {k: HOST[k]() for k in random.sample(list(HOST), random.randint(0, 2))}}
    body.update({k: CONFIG[k]() for k in random.sample(list(CONFIG), random.randint(0, 2))})
    status, answer = call("POST", pick(["/containers/create", "/drydock/containers/plan"]), json.dumps(body).encode())
    if status == 500:
        print(answer[:200], json.dumps(body)[:300])
    if status != 201:
        return
    cid = json.loads(answer)["Id"]
    call("POST", f"/containers/{cid}/start")
    call("GET", f"/containers/{cid}/json")
    call("DELETE", f"/containers/{cid}?force=1")


random.seed(int(sys.argv[1]))
end = time.time() + float(sys.argv[2])
while time.time() < end:
    pick([any_route, any_container])()
print({k.decode(): v for k, v in sorted(answers.items())})
sys.exit(not (answers.get(b"200") and answers.get(b"400") and answers.get(b"201")))
