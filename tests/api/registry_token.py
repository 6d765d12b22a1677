"""A token server in front of a registry: python3 registry_token.py PORT BACKEND_HOST:PORT LOG
Lets nobody in without a token, gives tokens to anna (s3cret, or the refresh token that she
gets for it), answers 429 once with Retry-After: 1, for the repository "limited" always, and hangs
up on the first blob that is sent.  Taking a blob over from a repository needs a token for it."""
import base64, http.client, json, sys, urllib.parse

from registry_front import Front, backend, log, serve

asked = set()


class Tokens(Front):
    def say(self, status, doc, **headers):
        text = json.dumps(doc).encode()
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def error(self, status, code, **headers):
        self.say(status, {"errors": [{"code": code, "message": code.lower()}]}, **headers)

    def token(self, query, form):
        known = {"Basic " + base64.b64encode(b"anna:s3cret").decode()}
        scopes = " ".join(query.get("scope", form.get("scope", [])))
        log.write("%s %s\n" % ("refresh" if form else "token", scopes or "none"))
        if (form.get("refresh_token") != ["R-anna"] or form["grant_type"] != ["refresh_token"]) \
                if form else self.headers.get("Authorization") not in known:
            return self.error(401, "UNAUTHORIZED")
        answer = {"access_token" if form else "token": "T-" + scopes, "expires_in": 60}
        if query.get("offline_token") == ["true"] and "identity" in sys.argv:
            answer["refresh_token"] = "R-anna"
        self.say(200, answer)

    def forward(self, body):
        c = http.client.HTTPConnection(backend)
        keep = {k: v for k, v in self.headers.items() if k not in ("Authorization", "Host")}
        c.request(self.command, self.path, body, keep)
        r = c.getresponse()
        data = r.read()
        self.send_response(r.status)
        for k, v in r.getheaders():
            if k.lower() not in ("connection", "transfer-encoding", "date"):
                self.send_header(k, v)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path == "/token":
            return self.token(urllib.parse.parse_qs(url.query), urllib.parse.parse_qs(body.decode()))
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer T-")
        write = self.command not in ("GET", "HEAD")
        if not (self.headers.get("Authorization") or "").startswith("Bearer ") or \
                (write and "push" not in token) or \
                any("repository:%s:pull" % f not in token
                    for f in urllib.parse.parse_qs(url.query).get("from", [])):
            return self.error(401, "UNAUTHORIZED", WWW_Authenticate='Bearer realm="http://%s/token",'
                              'service="tests"' % self.headers["Host"])
        if self.command == "HEAD" and "/other/blobs/" in url.path:  # each repository has its own
            return self.error(404, "BLOB_UNKNOWN")
        if "/limited/" in url.path:
            return self.error(429, "TOOMANYREQUESTS", Retry_After="3600")
        if "/manifests/" in url.path and not write and url.path not in asked:
            asked.add(url.path)
            log.write("429\n")
            return self.error(429, "TOOMANYREQUESTS", Retry_After="1")
        if self.command == "PUT" and "/blobs/" in url.path and "cut" not in asked:
            asked.add("cut")
            log.write("cut\n")
            self.close_connection = True
            return None
        self.forward(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer


serve(Tokens)
