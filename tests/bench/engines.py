"""engines.py - the contenders: how each is started, given the image, and stopped.

Everything lives below one work directory, a tmpfs: what is compared is the
programs and not the disk.  All are given the same image, one layer with one
static program (hello.c), and each a data root of its own.
"""
import hashlib
import http.client
import io
import json
import os
import re
import socket
import subprocess
import tarfile
import time

IMAGE = "bench"


def sh(*words, **more):
    """Runs a command; what it said is in the error if it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout.strip()}")
    return done.stdout


def until(what, seconds, test):
    """Waits for test() to give something true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        got = test()
        if got:
            return got
        time.sleep(0.02)
    raise RuntimeError(f"{what} didn't happen in {seconds} s")


def layer_tar(hello):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tar.gettarinfo(hello, "hello")
        info.mode, info.uid, info.gid, info.mtime = 0o755, 0, 0, 0
        info.uname = info.gname = ""
        with open(hello, "rb") as f:
            tar.addfile(info, f)
    return out.getvalue()


def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


class Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket, one connection for all requests."""

    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)

    def ask(self, method, path, body=None):
        data = json.dumps(body) if body is not None else None
        head = {"Content-Type": "application/json"} if body is not None else {}
        self.request(method, path, data, head)
        answer = self.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]!r}")
        return text


class Engine:
    """Docker's API on a Unix socket, whoever serves it."""

    process = None

    def __init__(self, work, name):
        self.work, self.name = os.path.join(work, name), name
        self.socket = os.path.join(self.work, "docker.sock")
        self.env = f"DOCKER_HOST=unix://{self.socket}"
        os.makedirs(self.work)

    def spawn(self, *words, **env):
        log = open(os.path.join(self.work, "log"), "wb")
        self.process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                        env={**os.environ, **env})
        until(f"{self.name}: an answer ({self.work}/log)", 30, self.answers)

    def answers(self):
        if self.process.poll() is not None:
            with open(os.path.join(self.work, "log")) as f:
                raise RuntimeError(f"{self.name} ended: {f.read()[-2000:]}")
        try:
            return Unix(self.socket).ask("GET", "/_ping")
        except (OSError, RuntimeError):
            return None

    def cli(self, *words):
        """A command for the stopwatch: its environment, then its words."""
        return [self.env, *self.client, *words]

    def run(self, *words):
        return sh(*self.client, *words, env={**os.environ, "DOCKER_HOST": self.env[12:]})

    def nsenter(self):
        """What a command is put behind, to meet the engine's ports: nothing, where it is
        in our own network namespace."""
        return []

    def first_instruction(self):
        """Nanoseconds from the start request to the program's first instruction."""
        api = Unix(self.socket)
        made = json.loads(api.ask("POST", "/v1.41/containers/create",
                                  {"Image": IMAGE, "Cmd": ["/hello"]}))
        began = time.monotonic_ns()
        api.ask("POST", f"/v1.41/containers/{made['Id']}/start")
        api.ask("POST", f"/v1.41/containers/{made['Id']}/wait")
        log = api.ask("GET", f"/v1.41/containers/{made['Id']}/logs?stdout=1")
        api.ask("DELETE", f"/v1.41/containers/{made['Id']}")
        return int(re.search(rb"\d{19}", log).group()) - began

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()


class Docker(Engine):
    """Debian's dockerd, in a network namespace of its own."""

    client = ["docker"]

    def __init__(self, work, layer):
        super().__init__(work, "docker")
        self.spawn("unshare", "--net", "sh", "-c", "ip link set lo up && exec dockerd "
                   f"-H unix://{self.socket} --data-root {self.work}/data "
                   f"--exec-root {self.work}/exec --pidfile {self.work}/pid --log-level error")
        tar = os.path.join(self.work, "layer.tar")
        put(tar, layer)
        self.run("import", "--change", 'CMD ["/hello"]', tar, IMAGE)

    def nsenter(self):
        return ["nsenter", "--net", "-t", str(self.process.pid)]


class Drydock(Engine):
    """Ours: the image comes out of the course registry, by its own pull."""

    def __init__(self, work, build, layer, name="drydock", options=(), prefix=()):
        super().__init__(work, name)
        self.root = os.path.join(self.work, "root")
        self.client = [os.path.join(build, "drydock"), "docker"]
        self.write_image(layer)
        self.spawn(*prefix, os.path.join(build, "drydock-engine"), "daemon", "-H",
                   f"unix://{self.socket}", "--bridge", f"bench-{name}"[:15], *options,
                   DRYDOCK_ROOT=self.root)
        Unix(self.socket).ask("POST", f"/v1.41/images/create?fromImage={IMAGE}&tag=latest")

    def write_image(self, layer):
        registry = os.path.join(self.root, "lib/registry")
        kinds = "application/vnd.oci.image."

        def blob(data):
            name = hashlib.sha256(data).hexdigest()
            put(f"{registry}/blobs/sha256/{name}", data)
            return {"digest": f"sha256:{name}", "size": len(data)}

        tar = blob(layer)
        config = blob(json.dumps({
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
            "os": "linux", "config": {"Cmd": ["/hello"]}, "created": "1970-01-01T00:00:00Z",
            "rootfs": {"type": "layers", "diff_ids": [tar["digest"]]},
            "history": [{"created_by": "hello.c"}]}).encode())
        manifest = blob(json.dumps({
            "schemaVersion": 2, "mediaType": kinds + "manifest.v1+json",
            "config": {"mediaType": kinds + "config.v1+json", **config},
            "layers": [{"mediaType": kinds + "layer.v1.tar", **tar}]}).encode())
        repository = f"{registry}/repositories/library/{IMAGE}"
        put(f"{repository}/_manifests/{manifest['digest'][7:]}", kinds + "manifest.v1+json")
        put(f"{repository}/_tags/latest", manifest["digest"])


class Student(Drydock):
    """Ours, started by a user who isn't root but has a range of users, as Debian gives one.
    The user is known in this run's mounts only."""

    ID = 54321

    def __init__(self, work, build, layer):
        for path, line in (("/etc/passwd", f"student:x:{self.ID}:{self.ID}::{work}:/bin/sh"),
                           ("/etc/group", f"student:x:{self.ID}:"),
                           ("/etc/subuid", "student:200000:65536"),
                           ("/etc/subgid", "student:200000:65536")):
            own = os.path.join(work, "etc", os.path.basename(path))
            with open(path) as f:
                put(own, f.read() + line + "\n")
            sh("mount", "--bind", own, path)
        os.chmod(work, 0o711)
        user = ["setpriv", f"--reuid={self.ID}", f"--regid={self.ID}", "--clear-groups"]
        super().__init__(work, build, layer, "student", prefix=user)

    def write_image(self, layer):
        super().write_image(layer)
        sh("chown", "-R", f"{self.ID}:{self.ID}", self.work)


class Runc:
    """`runc run` of a bundle that lies ready: what Docker's engine runs at its bottom."""

    def __init__(self, work, hello):
        self.work = os.path.join(work, "runc")
        rootfs = os.path.join(self.work, "bundle/rootfs")
        os.makedirs(rootfs)
        sh("cp", hello, rootfs)
        sh("runc", "spec", cwd=os.path.join(self.work, "bundle"))
        path = os.path.join(self.work, "bundle/config.json")
        with open(path) as f:
            spec = json.load(f)
        spec["process"].update(terminal=False, args=["/hello"])
        put(path, json.dumps(spec))

    def command(self):
        return ["runc", "--root", f"{self.work}/state", "run", "--bundle", f"{self.work}/bundle",
                "bench"]
