"""Getting through a proxy: what is said to it, and the socket it is said on.

Each kind is a `Handshake`: a generator that yields what to send and how many
octets to read then, is sent those, and returns when the tunnel stands. No octet
beyond the handshake is read: what follows belongs to the server, which may speak
first.
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import Callable, Generator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, TypeAlias

from ..errors import IMAPProxyError
from ._proxy import Proxy, ProxyKind
from ._redaction import Redactor

Handshake: TypeAlias = Generator[tuple[bytes, int], bytes, None]

_HEAD_MAX: Final = 16 * 2**10  # octets of an HTTP answer
_STATUS: Final = re.compile(rb"HTTP/1\.\d (\d{3})(?: ([^\r\n]*))?\r?\n")
_SOCKS5_FAILURES: Final = {
    1: "it failed",
    2: "its rules do not allow that",
    3: "the network cannot be reached",
    4: "the host is not known or cannot be reached",
    5: "the connection was refused",
    6: "it took too many hops",
    7: "it makes no connections",
    8: "it does not know this kind of address",
}
_CREDENTIALS: Final = "Check user name and password in the URL of the proxy."
_KIND: Final = "Check what kind of proxy this is, and its port."


class Refusal(Exception):
    """The proxy does not do it.

    Attributes:
        reason: what it said, for people.
        hint: what to do about it.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint or "Check host and port, and what the proxy allows."


async def connect_through(proxy: Proxy, host: str, port: int) -> socket.socket:
    """Return a socket that *proxy* has connected with *port* of *host*.

    Cancelling closes it.

    Raises:
        IMAPProxyError: that could not be done; it says which hop failed.
    """
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        sock = await _connect(proxy)
    except OSError as error:
        raise IMAPProxyError(
            f"cannot connect to {target}: the proxy {proxy.address} cannot be reached:"
            f" {error.strerror or error}",
            hint="Check host and port of the proxy: is it running there?",
        ) from error
    try:
        await _drive(sock, _HANDSHAKES[proxy.kind](proxy, host, port))
    except BaseException as error:
        sock.close()
        if isinstance(error, Refusal):
            raise IMAPProxyError(
                f"cannot connect to {target} through the proxy {proxy.address}:"
                f" {error.reason}",
                hint=error.hint,
            ) from None
        if isinstance(error, OSError):
            raise IMAPProxyError(
                f"cannot connect to {target}: the proxy {proxy.address} ended the"
                f" connection: {error.strerror or error}",
                hint=_KIND,
            ) from error
        raise
    return sock


async def _connect(proxy: Proxy) -> socket.socket:
    """Return a socket connected with the proxy, by the first address that works."""
    loop = asyncio.get_running_loop()
    failure = OSError("it has no address")
    for family, kind, number, _, address in await loop.getaddrinfo(
        proxy.host, proxy.port, type=socket.SOCK_STREAM
    ):
        sock = socket.socket(family, kind, number)
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure


async def _drive(sock: socket.socket, handshake: Handshake) -> None:
    """Let *handshake* speak to the other end of *sock*."""
    loop = asyncio.get_running_loop()
    told: bytes | None = None
    while True:
        try:
            send, size = next(handshake) if told is None else handshake.send(told)
        except StopIteration:
            return
        if send:
            await loop.sock_sendall(sock, send)
        told = b""
        while len(told) < size:
            data = await loop.sock_recv(sock, size - len(told))
            if not data:
                raise ConnectionAbortedError("it closed it")
            told += data


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _socks5(proxy: Proxy, host: str, port: int) -> Handshake:
    """Speak SOCKS 5 (RFC 1928, RFC 1929)."""
    methods = b"\0\2" if proxy.username else b"\0"
    version, method = yield bytes([5, len(methods)]) + methods, 2
    if version != 5:
        raise Refusal("it does not speak SOCKS 5", _KIND)
    if method == 2 and proxy.username:
        user, password = proxy.username.encode(), proxy.password.reveal().encode()
        words = bytes([len(user)]) + user + bytes([len(password)]) + password
        _, failed = yield b"\1" + words, 2
        if failed:
            raise Refusal("it refused user name and password", _CREDENTIALS)
    elif method != 0:
        raise Refusal("it wants a login of another kind", _CREDENTIALS)
    address = _address(host)
    if address is None:
        name = host.encode("idna")
        where = bytes([3, len(name)]) + name
    else:
        where = bytes([1 if address.version == 4 else 4]) + address.packed
    request = b"\5\1\0" + where + port.to_bytes(2, "big")
    version, failed, _, kind = yield request, 4
    if version != 5:
        raise Refusal("it does not speak SOCKS 5", _KIND)
    if failed:
        raise Refusal(_SOCKS5_FAILURES.get(failed, f"it failed with code {failed}"))
    size = {1: 4, 4: 16}.get(kind)
    if kind == 3:
        (size,) = yield b"", 1
    if size is None:
        raise Refusal("it does not speak SOCKS 5", _KIND)
    yield b"", size + 2  # the address it uses, which tells us nothing


def _socks4a(proxy: Proxy, host: str, port: int) -> Handshake:
    """Speak SOCKS 4, with the name of the host for the proxy to look up (4A)."""
    address = _address(host)
    user = proxy.username.encode() + b"\0"
    if isinstance(address, IPv4Address):
        where = address.packed + user
    else:
        where = b"\0\0\0\1" + user + host.encode("idna") + b"\0"
    zero, code, *_ = yield b"\4\1" + port.to_bytes(2, "big") + where, 8
    if zero != 0 or not 90 <= code <= 93:
        raise Refusal("it does not speak SOCKS 4", _KIND)
    if code > 91:
        raise Refusal("it wants another user", _CREDENTIALS)
    if code == 91:
        raise Refusal("it refused, or could not connect")


def _http(proxy: Proxy, host: str, port: int) -> Handshake:
    """Ask by HTTP's CONNECT (RFC 9110 §9.3.6)."""
    name = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    secret = ""
    lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}"]
    if proxy.username:
        words = f"{proxy.username}:{proxy.password.reveal()}"
        secret = base64.b64encode(words.encode()).decode("ascii")
        lines.append(f"Proxy-Authorization: Basic {secret}")
    request = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")
    head = bytearray((yield request, 1))
    while not head.endswith((b"\r\n\r\n", b"\n\n")):
        if not head.startswith(b"HTTP/"[: len(head)]) or len(head) > _HEAD_MAX:
            raise Refusal("it does not speak HTTP", _KIND)
        head += yield b"", 1
    status = _STATUS.match(head)
    if status is None:
        raise Refusal("it does not speak HTTP", _KIND)
    if status[1].startswith(b"2"):
        return
    said = (status[2] or b"").decode("latin-1")[:200]
    said = "".join(char for char in said if char.isprintable())
    said = Redactor((secret, proxy.password.reveal())).text(said)
    raise Refusal(
        f"it answered {int(status[1])} {said}".rstrip(),
        _CREDENTIALS if status[1] == b"407" else "",
    )


_HANDSHAKES: Final[dict[ProxyKind, Callable[[Proxy, str, int], Handshake]]] = {
    ProxyKind.SOCKS5: _socks5,
    ProxyKind.SOCKS4A: _socks4a,
    ProxyKind.HTTP: _http,
}
