"""A server in a process of its own that answers from memory, as fast as it is read.

``python -m benchmarks.stream_server NAME COUNT [SIZE]`` prints the ports it listens
on, without and with TLS, and the certificate to trust; it ends with its standard
input. Every command but the first few gets the same answer: the stream.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from aiosage.testing import Certificates

from . import _streams
from ._streams import Stream

_READY = b"* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n"
_FIRST = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
    b"SELECT": b"* 1 EXISTS\r\n",
}


class Ports(NamedTuple):
    """Where it listens, and the PEM file of whom to trust."""

    plain: int
    tls: int
    ca_file: str


@contextmanager
def stream_server(name: str, *arguments: int) -> Iterator[Ports]:
    """Run the server for the block.

    Args:
        name: of a function in `_streams`.
        arguments: of that function.
    """
    command = [sys.executable, "-m", "benchmarks.stream_server", name]
    with subprocess.Popen(
        [*command, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            plain, tls, ca_file = process.stdout.readline().decode().split()
            yield Ports(int(plain), int(tls), ca_file)
        finally:
            process.stdin.close()


def _serve(connection: socket.socket, stream: Stream) -> None:
    with connection, suppress(OSError), connection.makefile("rb") as lines:
        connection.sendall(_READY)
        for line in lines:
            tag, name, *_ = line.split()
            connection.sendall(_FIRST.get(name, stream.data))
            connection.sendall(tag + b" OK done\r\n")


def _listen(stream: Stream, context: ssl.SSLContext | None) -> int:
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            threading.Thread(
                target=_serve, args=(connection, stream), daemon=True
            ).start()

    threading.Thread(target=accept, daemon=True).start()
    port: int = listener.getsockname()[1]
    return port


def main(name: str, *arguments: str) -> None:
    """Serve until nobody holds the other end of standard input."""
    stream: Stream = getattr(_streams, name)(*map(int, arguments))
    with Certificates() as certificates:
        plain = _listen(stream, None)
        tls = _listen(stream, certificates.server_context())
        print(plain, tls, certificates.ca_file, flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
