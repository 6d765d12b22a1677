#!/usr/bin/env python3
"""bench.py - Drydock beside Docker, runc and the floor, in one run (issue: speed and memory).

    bench.py --build DIR [--rounds N]

Ratios count, not milliseconds: contenders take turns, at least 20 rounds each,
and medians are compared.  Each line says what was measured, its target and
whether it is met; the exit status is 1 if one isn't.  Needs root; everything
happens in namespaces of its own and on a tmpfs, and is gone afterwards.
"""
import argparse
import os
import pty
import re
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from engines import Docker, Drydock, Runc, Student, layer_tar, put, sh, until
from transfers import Transfers

ISOLATED = "DRYDOCK_BENCH_ISOLATED"
MS, KIB = 1e6, 1024
BUILD = """FROM bench
RUN ["/hello"]
COPY data /data/
RUN ["/hello"]
CMD ["/hello"]
"""
TRANSFERS = 10  # rounds of what moves a large image
IDLE = 300  # containers that wait side by side
LISTED = 500  # containers that `ps` goes through
GULP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gulp.py")
GULP_BYTES = 1 << 30
REST = 8  # seconds after which a daemon with nothing to do has settled


class Report:
    """Prints a line for each figure; remembers whether all targets were met."""

    failed = 0

    def line(self, name, ours, others, target=None, ok=True):
        mark = "      " if target is None else "pass  " if ok else "FAIL  "
        self.failed += target is not None and not ok
        print(f"{mark}{name:<34} {ours:>12}  {others}{'' if target is None else '  ' + target}",
              flush=True)

    def faster(self, name, ours, theirs, who, factor):
        """Theirs takes at least `factor` times as long as ours."""
        ratio = theirs / ours
        self.line(name, ms(ours), f"{who} {ms(theirs)}: {ratio:.1f} times as long",
                  f"target: {factor:g}", ratio >= factor)

    def missing(self, name, why):
        self.failed += 1
        print(f"FAIL  {name:<34} {'-':>12}  not measured: {why}", flush=True)


def ms(ns):
    return f"{ns / MS:.2f} ms"


def kib(n):
    return f"{n} KiB"


class Bench:
    def __init__(self, build, rounds, work):
        self.build, self.rounds, self.work = build, rounds, work
        self.report = Report()
        self.hello = os.path.join(build, "bench/hello")
        layer = layer_tar(self.hello)
        self.engines = []
        self.ours = self.add(Drydock(work, build, layer))
        self.silent = self.add(Drydock(work, build, layer, "silent", ["--trace", "off"]))
        self.straced = shutil.which("strace") and self.add(Drydock(
            work, build, layer, "straced", prefix=["strace", "-f", "-o", "/dev/null"]))
        self.student = self.add(Student(work, build, layer))
        self.docker = self.add(Docker(work, layer))
        self.runc = Runc(work, self.hello)

    def add(self, engine):
        self.engines.append(engine)
        return engine

    def stop(self):
        for engine in self.engines:
            engine.stop()

    def rounds_of(self, rounds, *commands):
        """The nanoseconds of each round, for each of the commands that take turns."""
        words = [os.path.join(self.build, "bench/stopwatch"), str(rounds)]
        for command in commands:
            words += ["--", *command]
        figures = [line.split() for line in sh(*words).splitlines() if line[:1].isdigit()]
        return [list(map(int, words)) for words in figures]  # other lines are runc's warnings

    def race(self, rounds, *commands):
        return [statistics.median(times) for times in self.rounds_of(rounds, *commands)]

    # ---- the figures, in the order ----

    def run_default(self):
        run = ["run", "--rm", "bench"]
        ours, docker = self.race(self.rounds, self.ours.cli(*run), self.docker.cli(*run))
        self.report.faster("run --rm, default network", ours, docker, "docker", 25)

    def run_user_network(self):
        run = ["run", "--rm", "--network", "back", "bench"]
        for engine in (self.ours, self.docker):
            engine.run("network", "create", "back")
        ours, docker, default = self.race(self.rounds, self.ours.cli(*run), self.docker.cli(*run),
                                          self.ours.cli("run", "--rm", "bench"))
        for engine in (self.ours, self.docker):
            engine.run("network", "rm", "back")
        self.report.faster("run --rm, a user's network", ours, docker, "docker", 20)
        self.report.line("", "", f"the default network {ms(default)}: {ours / default:.2f} of it")

    def run_without_network(self):
        run = ["run", "--rm", "--network", "none", "bench"]
        ours, runc, docker = self.race(self.rounds, self.ours.cli(*run), self.runc.command(),
                                       self.docker.cli(*run))
        self.report.faster("run --rm --network none", ours, runc, "runc", 1)
        self.report.line("", "", f"docker {ms(docker)}: {docker / ours:.1f} times as long")

    def run_rootless(self):
        run = ["run", "--rm", "bench"]
        student, root = self.race(self.rounds, self.student.cli(*run), self.ours.cli(*run))
        self.report.line("run --rm without root's rights", ms(student),
                         f"with them {ms(root)}: {student / root:.2f} of it",
                         "target: at most 1.5", student <= 1.5 * root)

    def floor(self):
        command = [os.path.join(self.build, "bench/floor"), self.hello, self.work]
        ours, floor = [], []
        for _ in range(3 * self.rounds + 1):
            ours.append(self.ours.first_instruction())
            time.sleep(0.05)
            floor.append(int(sh(*command)))
            time.sleep(0.05)
        ours, floor = (statistics.median(x[1:]) for x in (ours, floor))
        self.report.line("request to first instruction", ms(ours),
                         f"floor {ms(floor)}: {ours / floor:.2f} of it", "target: at most 2",
                         ours <= 2 * floor)

    def build_five_steps(self):
        """A file of five steps, done anew and known from before, by each engine's own client."""
        os.environ["DOCKER_BUILDKIT"] = "0"
        context = os.path.join(self.work, "context")
        for i in range(20):
            put(os.path.join(context, f"data/file{i}"), b"x" * 10000)
        put(os.path.join(context, "Dockerfile"), BUILD)
        for name, options, factor in (("build of five steps, cold", ["--no-cache"], 5),
                                      ("build of five steps, cached", [], 10)):
            words = ["build", "-q", "-t", "built", *options, context]
            ours, docker = self.race(10, self.ours.cli(*words), self.docker.cli(*words))
            self.report.faster(name, ours, docker, "docker", factor)

    def client(self):
        ours, docker = self.race(self.rounds, self.ours.cli("version"),
                                 self.docker.cli("version"))
        self.report.faster("the client alone: docker version", ours, docker, "docker", 4)

    def tracing(self):
        """A few per cent are less than this machine's moods from one second to the next:
        so each run is compared with its neighbour, and the median of that counts."""
        run = ["run", "--rm", "bench"]
        traced, silent = self.rounds_of(8 * self.rounds, self.ours.cli(*run),
                                        self.silent.cli(*run))
        base = statistics.median(silent)
        cost = 100 * statistics.median(a - b for a, b in zip(traced, silent)) / base
        self.report.line("tracing", ms(statistics.median(traced)),
                         f"untraced {ms(base)}: {cost:+.1f} %", "target: at most +5 %", cost <= 5)
        if not self.straced:
            return
        plain, strace = self.race(self.rounds, self.silent.cli(*run), self.straced.cli(*run))
        self.report.line("", "", f"strace -f of the same: {100 * (strace / plain - 1):+.0f} %")

    def exec_program(self):
        """A program that ends at once, in a container that waits."""
        words = [engine.cli("exec", engine.run("run", "-d", "bench", "/hello", "wait").strip(),
                            "/hello") for engine in (self.ours, self.docker)]
        ours, docker = self.race(self.rounds, *words)
        self.report.faster("exec of a program", ours, docker, "docker", 15)

    def transfers(self):
        moves = Transfers(self.report, self.ours, self.docker, self.work, TRANSFERS)
        try:
            moves.measure()
        finally:
            moves.stop()

    def idle(self):
        """Many containers, one after the other, each there until all are."""
        ours, our_each = self.fleet(self.ours, "drydock")
        docker, docker_each = self.fleet(self.docker, "dockerd|containerd|docker-proxy")
        self.report.faster(f"{IDLE} containers, one by one", ours, docker, "docker", 15)
        self.report.line("memory of each (PSS, daemon's too)", kib(our_each),
                         f"docker {kib(docker_each)}: {docker_each / our_each:.0f} times as much",
                         "target: 20", docker_each >= 20 * our_each)

    @staticmethod
    def many(engine, count, *words):
        """The same command of the engine's client again and again; the ids it prints."""
        loop = 'n=$1; shift; while [ $n -gt 0 ]; do "$@" || exit 1; n=$((n - 1)); done'
        return sh("env", engine.env, "sh", "-c", loop, "sh", str(count), *engine.client,
                  *words).split()

    def listing(self):
        """`ps` over many containers, which needn't run for that."""
        engines = (self.ours, self.docker)
        ids = [self.many(engine, LISTED, "create", "bench") for engine in engines]
        ours, docker = self.race(10, *(engine.cli("ps", "-a") for engine in engines))
        self.report.faster(f"ps over {LISTED} containers", ours, docker, "docker", 3)
        for engine, made in zip(engines, ids):
            engine.run("rm", "-f", *made)

    def fleet(self, engine, pattern):
        """The nanoseconds that starting them takes, and KiB of the engine's own for each."""
        def memory():
            time.sleep(1)
            return sum(pss_or_none(pid) for pid in processes(pattern))
        before, began = memory(), time.monotonic_ns()
        ids = self.many(engine, IDLE, "run", "-d", "bench", "/hello", "wait")
        took, each = time.monotonic_ns() - began, (memory() - before) // IDLE
        engine.run("rm", "-f", *ids)
        return took, each

    def prompt(self):
        times = [prompt_ns(self.build, self.ours) for _ in range(self.rounds)]
        median = statistics.median(times)
        self.report.line("the shell's prompt", ms(median), "with a daemon running",
                         "target: at most 150 ms", median <= 150 * MS)

    def supervisor(self):
        ours = self.memory_of_idle(self.ours, r"drydock-superv")
        docker = self.memory_of_idle(self.docker, r"containerd-shim|docker-proxy")
        self.report.line("memory of an idle container (PSS)", kib(ours),
                         f"docker {kib(docker)}" + conmon(self.work, self.hello),
                         "target: at most 150 KiB", ours <= 150)

    def memory_of_idle(self, engine, pattern):
        """PSS of the processes that come with one container with a port, in KiB."""
        before = set(processes(pattern))
        cid = engine.run("run", "-d", "-p", "18080:80", "bench", "/hello", "wait").strip()
        time.sleep(1)
        # A spare made ready for the next container is no part of this one.
        mine = set(processes(pattern)) - before or {holder_of(engine, cid)}
        if engine is self.ours:
            mine = {holder_of(engine, cid)}
        total = sum(pss(pid) for pid in mine)
        engine.run("rm", "-f", cid)
        return total

    def published_port(self):
        """A stream out of a container by way of 127.0.0.1, where docker's proxy works, too."""
        ways = [(self.ours, lambda: [self.ours.process.pid]),
                (self.docker, lambda: processes("^docker-proxy"))]
        times, work = [[], []], [[], []]
        ids = [e.run("run", "-d", "-p", "18081:80", "bench", "/hello", "serve", "80").strip()
               for e, _ in ways]
        for _ in range(10):
            for i, (engine, proxy) in enumerate(ways):
                before = sum(map(cpu_ns, proxy()))
                words = [*engine.nsenter(), sys.executable, GULP, "18081", str(GULP_BYTES)]
                times[i].append(int(sh(*words)))
                work[i].append(sum(map(cpu_ns, proxy())) - before)
        for (engine, _), cid in zip(ways, ids):
            engine.run("rm", "-f", cid)
        ours, docker = (GULP_BYTES / statistics.median(t) for t in times)
        self.report.line("a published port", f"{ours:.2f} GB/s", f"docker's proxy {docker:.2f} GB/s",
                         "target: no less", ours >= docker)
        ours, docker = (statistics.median(w) / GULP_BYTES for w in work)
        self.report.line("", f"{ours:.2f} ns/B", f"docker's proxy {docker:.2f} ns of CPU a byte",
                         "target: less", ours < docker)

    def daemon(self):
        time.sleep(REST)
        ours = rss(self.ours.process.pid)
        docker = sum(rss(pid) for pid in processes("^dockerd|^containerd$"))
        self.report.line("the daemon without containers (RSS)", kib(ours), f"docker {kib(docker)}",
                         "target: at most 12288 KiB", ours <= 12 * KIB)


# ---- reading /proc ----

def processes(pattern):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as f:
                if re.search(pattern, f.read().strip()):
                    yield int(pid)
        except OSError:
            continue


def cpu_ns(pid):
    """Of all threads: utime and stime, in ticks (proc(5))."""
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def figure(path, word):
    with open(path) as f:
        return int(re.search(rf"^{word}:\s+(\d+) kB", f.read(), re.M).group(1))


def pss(pid):
    return figure(f"/proc/{pid}/smaps_rollup", "Pss")


def pss_or_none(pid):
    """0 for a process that has ended since it was listed."""
    try:
        return pss(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def rss(pid):
    return figure(f"/proc/{pid}/status", "VmRSS")


def holder_of(engine, cid):
    """The parent of a container's first process: its supervisor."""
    pid = engine.run("inspect", "-f", "{{.State.Pid}}", cid).strip()
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rsplit(")", 1)[1].split()[1])


def conmon(work, hello):
    """Podman's supervisor, where podman runs at all on this machine."""
    root = os.path.join(work, "podman")
    os.makedirs(f"{root}/rootfs")
    sh("cp", hello, f"{root}/rootfs")
    podman = ["podman", "--root", f"{root}/lib", "--runroot", f"{root}/run",
              "--cgroup-manager=cgroupfs", "--runtime=runc"]
    try:
        cid = sh(*podman, "run", "-d", "--network=none", "--ulimit=host", "--rootfs",
                 f"{root}/rootfs", "/hello", "wait", timeout=30).split()[-1]
        memory = sum(pss(pid) for pid in processes("^conmon"))
        sh(*podman, "rm", "-f", "-t", "0", cid, timeout=30)
    except (RuntimeError, OSError, subprocess.TimeoutExpired):
        return ""
    return f", conmon {kib(memory)}"


# ---- the prompt ----

def prompt_ns(build, engine):
    """From exec of the shell to its prompt on a terminal of its own."""
    began = time.monotonic_ns()
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(DOCKER_HOST=engine.env[12:], DRYDOCK_ROOT=engine.root, TERM="xterm",
                          HOME=engine.work)
        os.execl(os.path.join(build, "drydock"), "drydock")
    seen, took = b"", None
    while time.monotonic_ns() - began < 5e9:
        if not select.select([fd], [], [], 0.5)[0]:
            continue
        try:
            seen += os.read(fd, 65536)
        except OSError:
            break
        if re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x01|\x02", b"", seen).endswith(b"> "):
            took = time.monotonic_ns() - began
            break
    os.kill(pid, 9)
    os.close(fd)
    os.waitpid(pid, 0)
    if took is None:
        raise RuntimeError(f"no prompt in 5 s: {seen[-200:]!r}")
    return took


# ---- the run ----

def isolate():
    """Once more, in namespaces of our own: nothing outlives the run or meets the host's."""
    os.environ[ISOLATED] = "1"
    os.execvp("unshare", ["unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork",
                          "--mount-proc", "--kill-child", sys.executable, *sys.argv])


def measure(bench):
    for figure_of in (bench.daemon, bench.run_default, bench.run_user_network,
                      bench.run_without_network, bench.run_rootless, bench.floor,
                      bench.exec_program, bench.build_five_steps, bench.client, bench.tracing,
                      bench.supervisor, bench.published_port, bench.prompt, bench.transfers,
                      bench.listing, bench.idle):
        try:
            figure_of()
        except (RuntimeError, OSError) as why:
            bench.report.missing(figure_of.__name__, why)


def main():
    words = argparse.ArgumentParser(description="Drydock beside Docker, runc and the floor")
    words.add_argument("--build", default="build")
    words.add_argument("--rounds", type=int, default=25)
    options = words.parse_args()
    if os.geteuid() != 0:
        sys.exit("bench: needs root")
    if ISOLATED not in os.environ:
        isolate()
    sh("ip", "link", "set", "lo", "up")
    with tempfile.TemporaryDirectory(prefix="drydock-bench.") as work:
        sh("mount", "-t", "tmpfs", "-o", "size=4g", "bench", work)
        try:
            bench = Bench(os.path.abspath(options.build), max(options.rounds, 20), work)
            measure(bench)
            bench.stop()
        except RuntimeError as why:
            sys.exit(f"bench: {why}")
        finally:
            subprocess.run(["umount", "-R", "-l", work], check=False)
    if bench.report.failed:
        print(f"{bench.report.failed} figure(s) off target")
    sys.exit(bench.report.failed > 0)


if __name__ == "__main__":
    main()
