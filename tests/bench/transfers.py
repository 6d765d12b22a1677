"""transfers.py - images on their way: pull, push, save, load, beside dockerd.

One image of about 200 MB in three layers, half of it text and half noise, and
Debian's docker-registry on loopback: a second one serves the same folder inside of
dockerd's network namespace.  Data roots are on a tmpfs.
"""
import hashlib
import io
import json
import os
import random
import statistics
import subprocess
import tarfile
import time
import urllib.request

from engines import put, sh, until

LAYERS, FILES, FILE = 3, 1070, 64 << 10  # 3 * 1070 * 64 KiB = 200 MiB
PORT = 5099
NAME = f"127.0.0.1:{PORT}/bench/large:v1"
LIMIT = 64 << 10  # KiB of the daemon's memory while it pulls


def layer(number):
    """Files of the sizes and kinds that images have: half packs well, half doesn't."""
    noise, out = random.Random(number), io.BytesIO()
    text = b"".join(b"line %d of a file that packs well\n" % i for i in range(2000))[:FILE]
    with tarfile.open(fileobj=out, mode="w") as tar:
        for i in range(FILES):
            info = tarfile.TarInfo(f"layer{number}/{i % 40}/file{i}")
            info.size = FILE
            tar.addfile(info, io.BytesIO(text if i % 2 else noise.randbytes(FILE)))
    return out.getvalue()


def archive(path):
    """The image as `docker save` wrote it of old, which every engine loads."""
    ids, names = [], []
    with tarfile.open(path, "w") as tar:
        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))

        for i in range(LAYERS):
            data = layer(i)
            ids.append("sha256:" + hashlib.sha256(data).hexdigest())
            names.append(f"{i}/layer.tar")
            add(names[-1], data)
        config = json.dumps({
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
            "os": "linux", "config": {}, "created": "1970-01-01T00:00:00Z",
            "rootfs": {"type": "layers", "diff_ids": ids},
            "history": [{"created_by": f"layer {i}"} for i in range(LAYERS)]}).encode()
        add("config.json", config)
        add("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": [NAME],
                                          "Layers": names}]).encode())


class Transfers:
    def __init__(self, report, ours, docker, work, rounds):
        self.report, self.ours, self.docker = report, ours, docker
        self.work, self.rounds = work, rounds
        self.archive = os.path.join(work, "image.tar")
        self.shelf = os.path.join(work, "shelf")
        self.registries = []
        archive(self.archive)
        put(os.path.join(work, "registry.yml"),
            f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {self.shelf}}}}}\n"
            f"http: {{addr: 127.0.0.1:{PORT}}}\nlog: {{level: error}}\n")
        for enter in ((), ("nsenter", "-n", "-t", str(docker.process.pid))):
            self.registries.append(subprocess.Popen(
                [*enter, "docker-registry", "serve", os.path.join(work, "registry.yml")],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        until("docker-registry: an answer", 10, self.answers)

    @staticmethod
    def answers():
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{PORT}/v2/", timeout=2).status == 200
        except OSError:
            return None

    def stop(self):
        for registry in self.registries:
            registry.terminate()
            registry.wait()

    # ---- what is measured, and what has to be done before each time ----

    def forget(self, engine):
        subprocess.run([*engine.client, "rmi", "-f", NAME], check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL,
                       env={**os.environ, "DOCKER_HOST": f"unix://{engine.socket}"})

    def empty_shelf(self, _):
        sh("sh", "-c", f"rm -rf {self.shelf}/docker")

    def nothing(self, _):
        pass

    def load(self, engine):
        engine.run("load", "-q", "-i", self.archive)

    def save(self, engine):
        engine.run("save", "-o", os.path.join(self.work, f"{engine.name}.tar"), NAME)

    def push(self, engine):
        engine.run("push", NAME)

    def pull(self, engine):
        engine.run("pull", "-q", NAME)

    def once(self, engine, before, action):
        before(engine)
        began = time.monotonic_ns()
        action(engine)
        return time.monotonic_ns() - began

    def compare(self, name, before, action, factor):
        took = {self.ours: [], self.docker: []}
        for _ in range(self.rounds):
            for engine, times in took.items():
                times.append(self.once(engine, before, action))
        self.report.faster(name, *(statistics.median(t) for t in took.values()), "docker", factor)

    def memory(self):
        """The most that the daemon held while it pulled."""
        pid = self.ours.process.pid
        self.forget(self.ours)
        put(f"/proc/{pid}/clear_refs", "5")  # proc(5): resets the peak
        self.pull(self.ours)
        with open(f"/proc/{pid}/status") as f:
            peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        self.report.line("the daemon's peak while pulling", f"{peak} KiB", "",
                         f"target: under {LIMIT} KiB", peak < LIMIT)

    def measure(self):
        self.compare("load, 200 MB", self.forget, self.load, 2)
        self.compare("save, 200 MB", self.nothing, self.save, 2)
        self.compare("push, 200 MB", self.empty_shelf, self.push, 4)
        self.compare("pull, 200 MB", self.forget, self.pull, 3)
        self.memory()
