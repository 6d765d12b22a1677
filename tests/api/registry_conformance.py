"""The cases of the OCI distribution specification 1.1's conformance suite, in its four
workflows, against one registry: python3 registry_conformance.py HOST:PORT [USER:PASSWORD CA]"""
import base64, hashlib, http.client, json, ssl, sys

host = sys.argv[1]
headers, context = {}, None
if len(sys.argv) > 2:
    headers["Authorization"] = "Basic " + base64.b64encode(sys.argv[2].encode()).decode()
    context = ssl.create_default_context(cafile=sys.argv[3])
OCI = "application/vnd.oci.image."
count = failed = 0


def ask(method, path, body=None, **more):
    h = dict(headers, **{k.replace("_", "-"): v for k, v in more.items()})
    c = http.client.HTTPSConnection(host, context=context, timeout=10) if context \
        else http.client.HTTPConnection(host, timeout=10)
    c.request(method, path, body=body, headers=h)
    r = c.getresponse()
    r.body = r.read()
    c.close()
    return r


def ok(cond, name, *seen):
    global count, failed
    count += 1
    print("ok" if cond else "not ok", count, "-", name)
    if not cond:
        failed += 1
        print("#", *seen)


def status(r, want, name):
    ok(r.status in (want if isinstance(want, tuple) else (want,)), name, r.status, r.body[:300])
    return r


def digest(b):
    return "sha256:" + hashlib.sha256(b).hexdigest()


def descriptor(b, kind):
    return {"mediaType": kind, "digest": digest(b), "size": len(b)}


def code(r):
    return json.loads(r.body)["errors"][0]["code"]


def put_blob(repo, b):
    return ask("POST", f"/v2/{repo}/blobs/uploads/?digest={digest(b)}", b)


def put_manifest(repo, ref, doc, kind=OCI + "manifest.v1+json"):
    text = json.dumps(doc).encode()
    return text, ask("PUT", f"/v2/{repo}/manifests/{ref or digest(text)}", text, Content_Type=kind)


def manifest(config, *layers, **more):
    return dict({"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                 "config": descriptor(config, OCI + "config.v1+json"),
                 "layers": [descriptor(x, OCI + "layer.v1.tar") for x in layers]}, **more)


R = "/v2/suite/app"
config, layer, chunky = b'{"os":"linux"}', b"layer" * 200, b"0123456789" * 300


def pull():
    none = digest(b"none")
    r = status(ask("GET", "/v2/"), 200, "the base answers")
    for method in "HEAD", "GET":
        status(ask(method, f"{R}/blobs/{none}"), 404, f"{method} of an unknown blob")
        status(ask(method, f"{R}/manifests/{none}"), 404, f"{method} of an unknown manifest")
        status(ask(method, f"{R}/manifests/nope"), 404, f"{method} of an unknown tag")
    r = ask("GET", f"{R}/manifests/sha256:short")
    ok(r.status == 400 and code(r) == "DIGEST_INVALID", "a malformed digest", r.status)
    put_blob("suite/app", config), put_blob("suite/app", layer)
    text, r = put_manifest("suite/app", "v1", manifest(config, layer))
    status(r, 201, "a manifest by tag")
    ok(r.getheader("Location").endswith(digest(text)), "its place", r.getheader("Location"))
    for ref in "v1", digest(text):
        r = ask("HEAD", f"{R}/manifests/{ref}")
        ok(r.status == 200 and r.getheader("Content-Length") == str(len(text)) and r.body == b""
           and r.getheader("Docker-Content-Digest") == digest(text), f"HEAD of {ref[:9]}", r.headers)
        r = ask("GET", f"{R}/manifests/{ref}")
        ok(r.body == text and r.getheader("Content-Type") == OCI + "manifest.v1+json", "GET of it")
    r = ask("HEAD", f"{R}/blobs/{digest(layer)}")
    ok(r.status == 200 and r.getheader("Content-Length") == "1000", "HEAD of a blob", r.headers)
    ok(ask("GET", f"{R}/blobs/{digest(layer)}").body == layer, "GET of a blob")
    r = ask("GET", f"{R}/blobs/{digest(layer)}", Range="bytes=10-19")
    ok(r.status == 206 and r.body == layer[10:20], "a part of it", r.status)


def push():
    up = f"{R}/blobs/uploads/"
    r = status(ask("POST", up), 202, "an upload begins")
    place = r.getheader("Location")
    status(ask("PATCH", place, chunky[1000:2000], Content_Range="1000-1999"), 416, "a chunk out of order")
    r = status(ask("PATCH", place, chunky[:1000], Content_Range="0-999"), 202, "the first chunk")
    ok(r.getheader("Range") == "0-999", "tells how far it is", r.getheader("Range"))
    status(ask("PATCH", place, chunky[:1000], Content_Range="0-999"), 416, "the same chunk again")
    status(ask("PATCH", place, chunky[1000:2000], Content_Range="1000-2500"), 400, "a chunk of another length")
    r = status(ask("GET", place), 204, "where a stale upload stands")
    ok(r.getheader("Range") == "0-999" and r.getheader("Location"), "with range and place")
    status(ask("PATCH", place, iter([chunky[1000:1500], chunky[1500:2000]])), 202, "a streamed chunk")
    r = status(ask("PUT", f"{place}?digest={digest(chunky)}", chunky[2000:], Content_Range="2000-2999"),
               201, "the last chunk closes it")
    ok(ask("GET", r.getheader("Location")).body == chunky, "it is whole")
    place = ask("POST", up).getheader("Location")
    status(ask("PUT", f"{place}?digest={digest(b'one')}", b"one"), 201, "POST, then PUT of all")
    place = ask("POST", up).getheader("Location")
    r = ask("PUT", f"{place}?digest={digest(b'other')}", b"one")
    ok(r.status == 400 and code(r) == "DIGEST_INVALID", "a wrong digest", r.status)
    place = ask("POST", up).getheader("Location")
    status(ask("PUT", place, b"one"), 400, "no digest at all")
    place = ask("POST", up).getheader("Location")
    status(ask("DELETE", place), 204, "an upload is cancelled")
    status(ask("GET", place), 404, "and is gone")
    status(put_blob("suite/app", b"at once"), 201, "POST of all")
    more = f"/v2/suite/other/blobs/uploads/?mount={digest(chunky)}"
    status(ask("POST", more + "&from=suite/app"), 201, "a blob is mounted")
    status(ask("POST", more), (201, 202), "also without from")
    status(ask("POST", f"/v2/suite/other/blobs/uploads/?mount={digest(b'no')}&from=suite/app"), 202,
           "or an upload begins")
    _, r = put_manifest("suite/app", "bad", manifest(config, b"nowhere"))
    ok(r.status == 404 and code(r) == "MANIFEST_BLOB_UNKNOWN", "a manifest of unknown blobs", r.status)
    status(put_manifest("suite/app", "empty", manifest(config))[1], 201, "a manifest without layers")
    status(ask("PUT", f"{R}/manifests/{digest(b'x')}", b"{}"), 400, "a manifest of another digest")
    status(ask("PUT", f"{R}/manifests/big", b" " * (5 << 20)), 413, "a manifest of 5 MiB")
    status(ask("PUT", f"{R}/manifests/evil", json.dumps({"mediaType": "a/b\r\nX-Evil: 1"})), 400,
           "a media type with a line end")


def discover():
    for tag in "test0", "test1", "test2", "v1.tmp":
        put_manifest("suite/app", tag, manifest(config, layer))
    tags = json.loads(ask("GET", f"{R}/tags/list").body)
    ok(tags["name"] == "suite/app" and tags["tags"] == sorted(tags["tags"]) and
       {"test0", "v1.tmp"} < set(tags["tags"]), "tags, sorted", tags)
    r = ask("GET", f"{R}/tags/list?n=2")
    ok(len(json.loads(r.body)["tags"]) == 2 and 'rel="next"' in r.getheader("Link"), "a page of tags")
    r = ask("GET", f"{R}/tags/list?n=0")
    ok(json.loads(r.body)["tags"] == [] and not r.getheader("Link"), "none when none are asked for")
    r = ask("GET", f"{R}/tags/list?n=2&last=test1")
    ok(json.loads(r.body)["tags"][0] == "test2", "those after one", r.body)
    status(ask("GET", f"{R}/tags/list?n=x"), 400, "a page size that is no number")
    text = ask("GET", f"{R}/manifests/v1").body
    subject = descriptor(text, OCI + "manifest.v1+json")
    one, r = put_manifest("suite/app", None, manifest(config, artifactType="a/one", subject=subject,
                                                      annotations={"k": "v"}))
    ok(r.status == 201 and r.getheader("OCI-Subject") == digest(text), "a manifest with a subject", r.status)
    two, r = put_manifest("suite/app", None, manifest(config, layer, subject=subject))
    late = {"mediaType": OCI + "manifest.v1+json", "digest": digest(b"later"), "size": 1}
    status(put_manifest("suite/app", None, manifest(config, subject=late))[1], 201, "of a subject to come")
    r = ask("GET", f"{R}/referrers/{digest(text)}")
    index = {m["digest"]: m for m in json.loads(r.body)["manifests"]}
    ok(r.getheader("Content-Type") == OCI + "index.v1+json" and set(index) == {digest(one), digest(two)},
       "both refer to it", r.body)
    m = index[digest(one)]
    ok(m["artifactType"] == "a/one" and m["annotations"] == {"k": "v"} and m["size"] == len(one), "with type", m)
    ok(index[digest(two)]["artifactType"] == OCI + "config.v1+json", "or the configuration's")
    r = ask("GET", f"{R}/referrers/{digest(text)}?artifactType=a/one")
    ok(len(json.loads(r.body)["manifests"]) == 1 and r.getheader("OCI-Filters-Applied") == "artifactType",
       "filtered by type", r.body)
    r = ask("GET", f"{R}/referrers/{digest(b'nobody')}")
    ok(r.status == 200 and json.loads(r.body)["manifests"] == [], "nothing refers: an empty index")
    status(ask("GET", f"{R}/referrers/sha256:no"), 400, "of a malformed digest")
    ask("DELETE", f"{R}/manifests/{digest(one)}")
    r = ask("GET", f"{R}/referrers/{digest(text)}")
    ok(len(json.loads(r.body)["manifests"]) == 1, "one that is deleted no longer refers")


def manage():
    text = ask("GET", f"{R}/manifests/v1").body
    status(ask("DELETE", f"{R}/blobs/{digest(layer)}"), 405, "a blob in use stays")
    status(ask("DELETE", f"{R}/manifests/test0"), 202, "a tag is deleted")
    status(ask("GET", f"{R}/manifests/test0"), 404, "and is gone")
    status(ask("GET", f"{R}/manifests/test1"), 200, "the others stay")
    status(ask("DELETE", f"{R}/manifests/{digest(text)}"), 202, "a manifest is deleted")
    status(ask("GET", f"{R}/manifests/test1"), 404, "its tags with it")
    status(ask("DELETE", f"{R}/manifests/{digest(text)}"), 404, "a second time it is unknown")
    status(ask("DELETE", f"{R}/blobs/{digest(chunky)}"), 202, "a blob is deleted")
    status(ask("GET", f"{R}/blobs/{digest(chunky)}"), 404, "and is gone")
    status(ask("DELETE", f"{R}/blobs/{digest(chunky)}"), 404, "for good")
    status(ask("PATCH", f"{R}/tags/list"), 405, "a method that is not for this place")
    status(ask("GET", "/v2/Suite/tags/list"), 400, "a name that is none")
    status(ask("GET", f"/v2/{'a' * 300}/tags/list"), 400, "a name that is too long")


for part in pull, push, discover, manage:
    part()
print(f"1..{count}")
sys.exit(failed > 0)
