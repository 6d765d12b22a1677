"""A bad line before a registry: python3 registry_line.py PORT BACKEND_HOST:PORT LOG
The first blob of more than LIMIT bytes that is fetched breaks off there, and so does the
first such that is sent; what went through, and by which ranges, is logged."""
import http.client, socket

from registry_front import Front, backend, log, serve

LIMIT = 100000
cut = set()


class Line(Front):
    def hang_up(self, what):
        cut.add(what)
        log.write("%s cut\n" % what)
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def send(self):
        """The request to the backend; None: broken off in the middle."""
        there = http.client.HTTPConnection(backend)
        there.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for k, v in self.headers.items():
            there.putheader(k, v)
        there.endheaders()
        left = size = int(self.headers.get("Content-Length") or 0)
        if size > 1000:
            log.write("%s %d %s\n" % (self.command, size, self.headers.get("Content-Range", "")))
        while left:
            if size > LIMIT and size - left >= LIMIT and "send" not in cut:
                there.close()
                return self.hang_up("send")
            piece = self.rfile.read(min(left, 10000))
            there.send(piece)
            left -= len(piece)
        return there.getresponse()

    def answer(self):
        said = self.send()
        if said is None:
            return
        data = said.read() if self.command != "HEAD" else b""
        self.send_response(said.status)
        for k, v in said.getheaders():
            if k.lower() not in ("connection", "transfer-encoding", "date"):
                self.send_header(k, v)
        self.end_headers()
        if "/blobs/" in self.path and len(data) > 1000:
            log.write("%s %d %s\n" % (self.command, said.status, said.getheader("Content-Range", "")))
        if "/blobs/" in self.path and len(data) > LIMIT and "fetch" not in cut:
            self.wfile.write(data[:LIMIT])
            return self.hang_up("fetch")
        self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer


serve(Line)
