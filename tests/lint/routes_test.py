#!/usr/bin/env python3
"""Every path and method of the Engine API 1.47 has a route, and no other path has one
that isn't listed here with its reason."""
import os
import re

# The specification's paths (moby's v1.47.yaml) and their methods.
SPECIFIED = """
    /containers/json                   GET
    /containers/create                 POST
    /containers/{id}/json              GET
    /containers/{id}/top               GET
    /containers/{id}/logs              GET
    /containers/{id}/changes           GET
    /containers/{id}/export            GET
    /containers/{id}/stats             GET
    /containers/{id}/resize            POST
    /containers/{id}/start             POST
    /containers/{id}/stop              POST
    /containers/{id}/restart           POST
    /containers/{id}/kill              POST
    /containers/{id}/update            POST
    /containers/{id}/rename            POST
    /containers/{id}/pause             POST
    /containers/{id}/unpause           POST
    /containers/{id}/attach            POST
    /containers/{id}/attach/ws         GET
    /containers/{id}/wait              POST
    /containers/{id}                   DELETE
    /containers/{id}/archive           HEAD GET PUT
    /containers/prune                  POST
    /containers/{id}/exec              POST
    /images/json                       GET
    /images/create                     POST
    /images/{name}/json                GET
    /images/{name}/history             GET
    /images/{name}/push                POST
    /images/{name}/tag                 POST
    /images/{name}                     DELETE
    /images/search                     GET
    /images/prune                      POST
    /images/{name}/get                 GET
    /images/get                        GET
    /images/load                       POST
    /build                             POST
    /build/prune                       POST
    /auth                              POST
    /info                              GET
    /version                           GET
    /_ping                             GET HEAD
    /commit                            POST
    /events                            GET
    /system/df                         GET
    /exec/{id}/start                   POST
    /exec/{id}/resize                  POST
    /exec/{id}/json                    GET
    /volumes                           GET
    /volumes/create                    POST
    /volumes/{name}                    GET PUT DELETE
    /volumes/prune                     POST
    /networks                          GET
    /networks/{id}                     GET DELETE
    /networks/create                   POST
    /networks/{id}/connect             POST
    /networks/{id}/disconnect          POST
    /networks/prune                    POST
    /plugins                           GET
    /plugins/privileges                GET
    /plugins/pull                      POST
    /plugins/{name}/json               GET
    /plugins/{name}                    DELETE
    /plugins/{name}/enable             POST
    /plugins/{name}/disable            POST
    /plugins/{name}/upgrade            POST
    /plugins/create                    POST
    /plugins/{name}/push               POST
    /plugins/{name}/set                POST
    /nodes                             GET
    /nodes/{id}                        GET DELETE
    /nodes/{id}/update                 POST
    /swarm                             GET
    /swarm/init                        POST
    /swarm/join                        POST
    /swarm/leave                       POST
    /swarm/update                      POST
    /swarm/unlockkey                   GET
    /swarm/unlock                      POST
    /services                          GET
    /services/create                   POST
    /services/{id}                     GET DELETE
    /services/{id}/update              POST
    /services/{id}/logs                GET
    /tasks                             GET
    /tasks/{id}                        GET
    /tasks/{id}/logs                   GET
    /secrets                           GET
    /secrets/create                    POST
    /secrets/{id}                      GET DELETE
    /secrets/{id}/update               POST
    /configs                           GET
    /configs/create                    POST
    /configs/{id}                      GET DELETE
    /configs/{id}/update               POST
    /distribution/{name}/json          GET
    /session                           POST
"""

# Ours beyond the specification.
BEYOND = {
    ("OPTIONS", "/{*}"): "dockerd answers it for every path",
    ("POST", "/grpc"): "BuildKit's clients ask for it",
}

# Not here, and why.
MISSING = {
}

HERE = os.path.dirname(os.path.abspath(__file__))
DEF = os.path.join(HERE, "../../engine/api/routes.def")
ROUTE = re.compile(r'^(?:ROUTE|UPLOAD)\("(\w+)",\s*"([^"]+)"', re.M)
routes = ROUTE.findall(open(DEF).read())


def finds(method, path):
    """The first route that takes such a path: what stands in braces fits a word."""
    path = re.sub(r"{\w+}", "word", path)
    for m, pattern in routes:
        parts = re.escape(pattern).replace(r"\{\*\}", ".+").replace(r"\{\}", "[^/]+")
        if m == method and re.fullmatch(parts, path):
            return pattern
    return None


def shape(path):
    return re.sub(r"{[^}]*}", "{}", path)


results = []
specified = [(m, line.split()[0]) for line in SPECIFIED.split("\n") if line.strip()
             for m in line.split()[1:]]
for method, path in specified:
    found = finds(method, path)
    # A route for fewer words would hide that the path itself has none.
    exact = found is not None and shape(found) == shape(path)
    results.append((exact or (method, path) in MISSING, "%s %s" % (method, path)))
known = {(m, shape(p)) for m, p in specified}
for method, pattern in routes:
    if pattern.startswith("/drydock/"):
        continue
    ok = (method, shape(pattern)) in known or (method, pattern) in BEYOND
    if not ok:
        results.append((False, "%s %s is in no specification" % (method, pattern)))
results.append((len(routes) == len(set(routes)), "no route stands twice"))
for n, (ok, name) in enumerate(results, 1):
    print("%sok %d - %s" % ("" if ok else "not ", n, name))
print("1..%d" % len(results))
