"""The floor: the same chunks written to a socket, with nothing around them."""

import json
import socket
import sys

import streams

HEAD = (
    b"POST /2018-06-01/runtime/invocation/id/response HTTP/1.1\r\nHost: floor\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
)


def main():
    """Poll, write one send per piece, read the acknowledgement, for ever."""
    host, _, port = sys.argv[1].partition(":")
    while True:
        with socket.create_connection((host, int(port))) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: floor\r\n\r\n")
            event = b""
            while not event.endswith(b"}"):
                event += line.recv(65536)
            head = HEAD
            for piece in streams.pieces(json.loads(event.partition(b"\r\n\r\n")[2])):
                line.sendall(b"%b%x\r\n%b\r\n" % (head, len(piece), piece))
                head = b""
            line.sendall(b"0\r\n\r\n")
            line.recv(65536)


main()
