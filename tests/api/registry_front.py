"""What stands before a registry in tests: python3 PROGRAM PORT BACKEND_HOST:PORT LOG"""
import http.server
import sys

port, backend, log = int(sys.argv[1]), sys.argv[2], open(sys.argv[3], "a", buffering=1)


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass


def serve(handler):
    http.server.ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever()
