#!/usr/bin/env python3
"""gulp.py PORT BYTES - takes so many bytes from 127.0.0.1:PORT; prints the nanoseconds."""
import socket
import sys
import time

port, left = map(int, sys.argv[1:])
room = bytearray(1 << 20)
with socket.create_connection(("127.0.0.1", port)) as s:
    began = time.monotonic_ns()
    while left > 0:
        n = s.recv_into(room)
        if n == 0:
            sys.exit("gulp: the other side hung up")
        left -= n
    print(time.monotonic_ns() - began)
