"""What python_docker_test.sh runs: a line for each result, 0 or 1, its name, and why."""
import io
import os
import tarfile
import threading
import time
import traceback

import docker
from docker.errors import APIError, ImageNotFound, NotFound

client = docker.DockerClient(base_url=os.environ["DOCKER_HOST"], version="auto", timeout=20)
api = client.api


def result(ok, name, why=""):
    print("%d\t%s\t%s" % (not ok, name, str(why).replace("\n", " | ")), flush=True)


def equal(got, want, name):
    result(got == want, name, "got %r, not %r" % (got, want))


def raises(kind, name, call, *args, **more):
    try:
        got = call(*args, **more)
    except kind as e:
        return result(True, name) or e
    except Exception as e:  # any other is the failure
        return result(False, name, "raised %r" % e)
    return result(False, name, "no error, but %r" % got)


def until(condition, seconds=10):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def system():
    equal(client.ping(), True, "ping")
    equal(client.version()["ApiVersion"], "1.47", "version")
    info = client.info()
    equal((info["OSType"], info["Swarm"]["LocalNodeState"]), ("linux", "inactive"), "info")
    equal(sorted(client.df()), ["BuildCache", "Containers", "Images", "LayersSize", "Volumes"], "df")


def run():
    equal(client.containers.run("busybox", "echo hello", remove=True), b"hello\n", "run")
    e = raises(docker.errors.ContainerError, "run: the exit status", client.containers.run,
               "busybox", ["sh", "-c", "echo oops >&2; exit 3"], remove=True)
    equal(e and (e.exit_status, e.stderr), (3, b"oops\n"), "run: status and standard error")
    raises(NotFound, "run: no such image", client.containers.run, "no-such-image:none", "true")
    raises(NotFound, "get: no such container", client.containers.get, "nobody")


def life():
    c = client.containers.create("busybox", "sleep 1000", name="life", labels={"a": "b"},
                                 environment={"X": "y"}, hostname="box", tty=True)
    equal((c.status, c.labels["a"], c.attrs["Config"]["Hostname"]), ("created", "b", "box"), "create")
    c.start()
    c.reload()
    equal(c.status, "running", "start")
    equal([x.name for x in client.containers.list(filters={"label": "a=b"})], ["life"], "list")
    c.pause()
    c.reload()
    equal(c.status, "paused", "pause")
    c.unpause()
    c.rename("lived")
    equal(client.containers.get("lived").id, c.id, "rename")
    equal("sleep" in str(c.top()["Processes"]), True, "top")
    equal(c.stats(stream=False)["id"], c.id, "stats, once")
    it = c.stats(stream=True, decode=True)
    equal(next(it)["id"], c.id, "stats, streamed")
    c.resize(24, 80)
    c.kill("SIGKILL")
    equal(c.wait()["StatusCode"], 137, "kill, wait")
    c.restart(timeout=0)
    c.stop(timeout=0)
    raises(APIError, "remove twice", lambda: (c.remove(), c.remove()))


def logs():
    c = client.containers.run("busybox", ["sh", "-c", "echo out; echo err >&2; sleep 0.5; echo late"],
                              detach=True)
    equal(b"".join(c.logs(stream=True, follow=True)).count(b"\n"), 3, "logs, followed to the end")
    equal(c.logs(stderr=False), b"out\nlate\n", "logs of standard output")
    equal(c.logs(stdout=False), b"err\n", "logs of standard error")
    equal(c.logs(tail=1), b"late\n", "logs, the tail")
    result(c.logs(timestamps=True, tail=1)[:2] == b"20", "logs with timestamps")
    equal(c.logs(until=1), b"", "logs until long ago")
    equal(c.logs(since=int(time.time()) + 100), b"", "logs since later")
    c.remove()


def attach():
    c = client.containers.create("busybox", "cat", stdin_open=True)
    sock = c.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    c.start()
    sock._sock.sendall(b"over there\n")
    got = b""
    while not got.endswith(b"over there\n"):
        part = sock._sock.recv(100)
        if not part:
            break
        got += part
    equal(got[8:], b"over there\n", "attach: a socket, both ways")
    sock._sock.close()
    sock.close()
    c.remove(force=True)
    c = client.containers.create("busybox", ["sh", "-c", "sleep 0.5; echo one; echo two >&2"])
    said = []
    t = threading.Thread(target=lambda: said.extend(c.attach(stream=True, logs=True, demux=True)))
    t.start()
    time.sleep(0.3)
    c.start()
    t.join(10)
    equal(sorted(x for pair in said for x in pair if x), [b"one\n", b"two\n"], "attach: demultiplexed")
    c.remove(force=True)


def execute():
    c = client.containers.run("busybox", "sleep 1000", detach=True)
    equal(c.exec_run("echo hi"), (0, b"hi\n"), "exec")
    equal(c.exec_run(["sh", "-c", "echo o; echo e >&2; exit 4"], demux=True), (4, (b"o\n", b"e\n")),
          "exec: demultiplexed, with its status")
    equal(c.exec_run("sh -c 'echo $X; pwd; id -u'", environment={"X": "y"}, workdir="/tmp",
                     user="1")[1], b"y\n/tmp\n1\n", "exec: environment, folder, user")
    equal(b"".join(c.exec_run("echo streamed", stream=True)[1]), b"streamed\n", "exec: streamed")
    equal(c.exec_run("true", detach=True)[1], "", "exec: detached")
    code, sock = c.exec_run("cat", stdin=True, socket=True)
    sock._sock.sendall(b"x\n")
    equal(sock._sock.recv(100)[-2:], b"x\n", "exec: a socket")
    sock._sock.close()
    sock.close()
    x = api.exec_create(c.id, "sleep 100", tty=True)["Id"]
    api.exec_start(x, detach=True)
    api.exec_resize(x, 30, 100)
    equal(api.exec_inspect(x)["Running"], True, "exec: inspect")
    raises(APIError, "exec: no such program", c.exec_run, "/no/such", detach=True)
    c.remove(force=True)


def archives():
    c = client.containers.create("busybox", "sh -c 'cat /tmp/in/a'")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        member = tarfile.TarInfo("in/a")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"12345"))
    equal(c.put_archive("/tmp", data.getvalue()), True, "put_archive")
    stream, stat = c.get_archive("/tmp/in/a")
    got = tarfile.open(fileobj=io.BytesIO(b"".join(stream))).extractfile("a").read()
    equal((got, stat["name"], stat["size"]), (b"12345", "a", 5), "get_archive")
    raises(NotFound, "get_archive: no such path", c.get_archive, "/no/such")
    c.start()
    c.wait()
    equal(c.logs(), b"12345", "the container sees what was put there")
    equal([x["Path"] for x in c.diff()], ["/tmp", "/tmp/in", "/tmp/in/a"], "diff")
    names = tarfile.open(fileobj=io.BytesIO(b"".join(c.export()))).getnames()
    result("tmp/in/a" in names, "export", names[:9])
    image = c.commit("local/committed", "v1")
    equal(image.tags, ["local/committed:v1"], "commit")
    c.remove()
    client.images.remove("local/committed:v1")


def images():
    image = client.images.get("busybox")
    equal([x.id for x in client.images.list("busybox")], [image.id], "images: list by name")
    result(image.history()[0]["Id"], "images: history")
    equal(image.tag("local/other", "v2"), True, "images: tag")
    equal(sorted(client.images.get(image.id).tags), ["busybox:latest", "local/other:v2"], "images: tags")
    client.images.remove("local/other:v2")
    raises(ImageNotFound, "images: it is gone", client.images.get, "local/other:v2")
    equal(client.images.pull("busybox", tag="latest").id, image.id, "images: pull again")
    raises(NotFound, "images: pull what isn't there", client.images.pull, "busybox", tag="no-such")
    saved = b"".join(image.save(named=True))
    equal(client.images.load(saved)[0].id, image.id, "images: save and load")
    data = client.images.get_registry_data("busybox")
    result(data.id.startswith("sha256:") and data.has_platform("linux/amd64"), "images: registry data")
    equal(client.images.prune()["ImagesDeleted"], None, "images: prune")


def build():
    file = io.BytesIO(b"FROM busybox\nARG WHO=you\nRUN echo hi $WHO >/greeting\nCMD cat /greeting\n")
    image, lines = client.images.build(fileobj=file, tag="local/built", buildargs={"WHO": "me"}, rm=True)
    result(any("Successfully tagged local/built" in x.get("stream", "") for x in lines), "build: says so")
    equal(client.containers.run("local/built", remove=True), b"hi me\n", "build: what was built runs")
    raises(docker.errors.BuildError, "build: a step that fails", client.images.build,
           fileobj=io.BytesIO(b"FROM busybox\nRUN false\n"), rm=True)
    client.images.remove("local/built")


def networks():
    net = client.networks.create("pynet", driver="bridge", labels={"l": "m"})
    a = client.containers.run("busybox", "sleep 1000", name="neta", network="pynet", detach=True)
    equal([x.name for x in client.networks.list(filters={"label": "l=m"})], ["pynet"], "networks: list")
    equal(client.containers.run("busybox", "ping -c 1 -w 5 neta", network="pynet", remove=True)[:9],
          b"PING neta", "networks: a name is found")
    net.disconnect(a)
    net.connect(a, aliases=["other"])
    net.reload()
    equal([x.name for x in net.containers], ["neta"], "networks: connect again")
    raises(APIError, "networks: in use", net.remove)
    a.remove(force=True)
    net.remove()
    raises(NotFound, "networks: it is gone", client.networks.get, net.id)
    equal(client.networks.prune()["NetworksDeleted"], None, "networks: prune")


def volumes():
    v = client.volumes.create("pyvol", labels={"k": "v"})
    client.containers.run("busybox", "sh -c 'echo kept >/v/f'", volumes={"pyvol": {"bind": "/v", "mode": "rw"}},
                          remove=True)
    equal(client.containers.run("busybox", "cat /v/f", volumes=["pyvol:/v:ro"], remove=True), b"kept\n",
          "volumes: what was written stays")
    equal([x.name for x in client.volumes.list(filters={"label": "k=v"})], ["pyvol"], "volumes: list")
    c = client.containers.create("busybox", volumes=["pyvol:/v"])
    raises(APIError, "volumes: in use", v.remove)
    c.remove()
    v.remove()
    raises(NotFound, "volumes: it is gone", client.volumes.get, "pyvol")


def events():
    seen, stream = [], client.events(decode=True, filters={"container": "watched"})
    t = threading.Thread(target=lambda: [seen.append(e["Action"]) for e in stream])
    t.start()
    time.sleep(0.3)
    client.containers.run("busybox", "true", name="watched", remove=True)
    result(until(lambda: "destroy" in seen), "events: until the end of a container", seen)
    stream.close()
    # Attached after the start, or before: the library's way of running decides.
    equal([x for x in seen if x in ("create", "start", "die", "destroy")],
          ["create", "start", "die", "destroy"], "events: in their order")


for part in (system, run, life, logs, attach, execute, archives, images, build, networks, volumes, events):
    try:
        part()
    except Exception:
        result(False, "%s: an error nobody expected" % part.__name__, traceback.format_exc())
for c in client.containers.list(all=True):
    c.remove(force=True)
result(True, "the end")
