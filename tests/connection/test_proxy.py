"""Proxies: SOCKS 5, SOCKS 4A and HTTP CONNECT, in front of a real Dovecot."""

from __future__ import annotations

import asyncio
import pickle
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from aiosage import IMAPProxyError
from aiosage.connection import (
    ConnectionConfig,
    IMAPConnection,
    Proxy,
    ProxyKind,
    Security,
)
from aiosage.errors import (
    IMAPConfigurationError,
    IMAPConnectError,
    IMAPError,
    IMAPGreetingError,
    IMAPTimeoutError,
    IMAPTLSError,
)
from aiosage.model import Secret
from aiosage.testing import Certificates, DovecotServer

from .proxies import FakeProxy
from .scripted import LOGGED_IN, Peer, config, scripted

NAME = "imap.behind-the-proxy.invalid"
"""A host no name server knows: who looks it up finds nothing."""
KINDS = list(ProxyKind)
PASSWORD = "pröxy:p@ss/word"


@pytest.fixture(scope="module")
def behind() -> Iterator[DovecotServer]:
    """A Dovecot whose certificate is for `NAME` only."""
    with (
        Certificates(NAME) as certificates,
        DovecotServer(certificates=certificates) as server,
    ):
        yield server


def through(
    proxy: FakeProxy, server: DovecotServer, security: Security = Security.TLS
) -> ConnectionConfig:
    """Return how to reach *server* through *proxy*."""
    return ConnectionConfig(
        host=NAME,
        username=server.new_user(),
        password=Secret(server.password),
        security=security,
        ssl_context=server.client_context(),
        proxy=proxy.configured(),
        connect_timeout=10.0,
    )


def before(server: DovecotServer, kind: ProxyKind, security: Security) -> FakeProxy:
    """Return a proxy in front of *server* that wants a login, if it knows any."""
    port = server.tls_port if security is Security.TLS else server.port
    proxy = FakeProxy(kind, (server.host, port), username="jané")
    if kind is not ProxyKind.SOCKS4A:
        proxy.password = PASSWORD
    return proxy


@pytest.mark.parametrize("security", Security)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_session_through_a_proxy(
    kind: ProxyKind,
    security: Security,
    behind: DovecotServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """TLS is with the IMAP server, whose name only the proxy looks up."""
    looked_up: list[object] = []
    real = socket.getaddrinfo

    def note(host: object, *args: object, **settings: object) -> object:
        looked_up.append(host)
        return real(host, *args, **settings)  # type: ignore[arg-type]  # as they came

    async with before(behind, kind, security) as proxy:
        told = through(proxy, behind, security)
        monkeypatch.setattr(socket, "getaddrinfo", note)
        async with await IMAPConnection.open(told) as connection:
            assert (await connection.select("INBOX")).exists == 0
        monkeypatch.undo()
        assert proxy.asked == [(NAME, told.effective_port)]
        assert NAME not in looked_up
        await proxy.wait_open(0)


@pytest.mark.parametrize("kind", KINDS)
async def test_the_certificate_must_be_the_servers(
    kind: ProxyKind, behind: DovecotServer
) -> None:
    """Not the proxy's, and not for any other name."""
    async with before(behind, kind, Security.TLS) as proxy:
        told = replace(through(proxy, behind), host="other.invalid")
        with pytest.raises(IMAPTLSError, match="not trusted"):
            await IMAPConnection.open(told)
        await proxy.wait_open(0)


async def test_the_server_is_told_its_name_by_sni() -> None:
    with Certificates(NAME) as certificates:
        context = certificates.server_context()
        names: list[str | None] = []
        context.sni_callback = lambda _, name, __: names.append(name)
        async with (
            scripted(LOGGED_IN, ssl_context=context) as port,
            FakeProxy(ProxyKind.SOCKS5, ("127.0.0.1", port)) as proxy,
        ):
            told = replace(
                config(port, host=NAME, security=Security.TLS),
                ssl_context=certificates.client_context(),
                proxy=proxy.configured(),
            )
            connection = await IMAPConnection.open(told)
            connection.abort()
            await connection.aclose()
    assert names == [NAME]


@pytest.mark.parametrize("greets_late", [True, False])
@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("kind", KINDS)
async def test_answers_may_come_in_any_pieces(
    kind: ProxyKind, size: int, greets_late: bool, behind: DovecotServer
) -> None:
    """Octet by octet, or with the server's greeting in the same segment."""
    proxy = before(behind, kind, Security.PLAIN)
    proxy.size, proxy.greets_late = size, greets_late
    async with proxy:
        told = through(proxy, behind, Security.PLAIN)
        async with await IMAPConnection.open(told) as connection:
            await connection.noop()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("192.0.2.1", {"http": "192.0.2.1", "": "c0000201"}),
        ("2001:db8::1", {"http": "[2001:db8::1]", "": f"20010db8{'0' * 23}1"}),
        ("bücher.invalid", {"": "xn--bcher-kva.invalid"}),
    ],
)
async def test_hosts_of_every_kind(
    kind: ProxyKind, host: str, asked: dict[str, str]
) -> None:
    async with (
        scripted(LOGGED_IN) as port,
        FakeProxy(kind, ("127.0.0.1", port)) as proxy,
    ):
        told = replace(config(port, host=host), proxy=proxy.configured())
        if kind is ProxyKind.SOCKS4A and ":" in host:
            asked = {"": host}  # as the name it has no other place for
        connection = await IMAPConnection.open(told)
        connection.abort()
        await connection.aclose()
        assert proxy.asked == [(asked.get(kind, asked[""]), port)]


async def refused(told: ConnectionConfig) -> IMAPProxyError:
    """Open what cannot be; return the error, which must be fit to show."""
    async with asyncio.timeout(5.0):
        with pytest.raises(IMAPProxyError) as caught:
            await IMAPConnection.open(told)
    error = caught.value
    for shown in (str(error), repr(error), repr(error.__dict__), repr(error.__cause__)):
        assert "ss/word" not in shown
        assert "wrong" not in shown
    assert isinstance(told.proxy, Proxy)
    assert told.host in str(error)
    assert told.proxy.address in str(error)
    assert error.hint
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    return error


@pytest.mark.parametrize(
    ("kind", "refusal", "told"),
    [
        (ProxyKind.SOCKS5, 1, "it failed"),
        (ProxyKind.SOCKS5, 2, "rules do not allow"),
        (ProxyKind.SOCKS5, 4, "not known or cannot be reached"),
        (ProxyKind.SOCKS5, 5, "the connection was refused"),
        (ProxyKind.SOCKS5, 77, "code 77"),
        (ProxyKind.SOCKS4A, 91, "refused, or could not connect"),
        (ProxyKind.SOCKS4A, 92, "another user"),
        (ProxyKind.SOCKS4A, 7, "does not speak SOCKS 4"),
        (ProxyKind.HTTP, "403 Forbidden", "403 Forbidden"),
        (ProxyKind.HTTP, "502 Bad \x1b[0mGateway", "502 Bad [0mGateway"),
        (ProxyKind.HTTP, f"500 you said {PASSWORD}", "500 you said ***"),
        (ProxyKind.HTTP, "abc", "does not speak HTTP"),
        (ProxyKind.HTTP, "503", "503"),
    ],
)
async def test_a_proxy_that_does_not_connect(
    kind: ProxyKind, refusal: int | str, told: str, behind: DovecotServer
) -> None:
    proxy = before(behind, kind, Security.TLS)
    proxy.password = proxy.password and "ss/word"
    proxy.refusal = refusal.replace(PASSWORD, "ss/word") if isinstance(
        refusal, str
    ) else refusal  # fmt: skip
    async with proxy:
        error = await refused(through(proxy, behind))
        assert told in str(error)
        await proxy.wait_open(0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("username", ["jané", ""])
async def test_a_login_the_proxy_refuses(
    kind: ProxyKind, username: str, behind: DovecotServer
) -> None:
    async with before(behind, kind, Security.TLS) as proxy:
        password = "wrong" if username and kind is not ProxyKind.SOCKS4A else ""
        if kind is ProxyKind.SOCKS4A:
            username = "somebody else"
        wrong = proxy.configured(username=username, password=password)
        error = await refused(replace(through(proxy, behind), proxy=wrong))
        assert "user name and password" in error.hint
        await proxy.wait_open(0)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_is_not_there(
    kind: ProxyKind, behind: DovecotServer
) -> None:
    async with before(behind, kind, Security.TLS) as proxy:
        told = through(proxy, behind)
    error = await refused(told)
    assert "cannot be reached" in str(error)
    assert isinstance(told.proxy, Proxy)
    error = await refused(
        replace(told, proxy=replace(told.proxy, host="no-such-proxy.invalid"))
    )
    assert "cannot be reached" in str(error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", [b"* OK IMAP ready\r\n" * 5, b"\0" * 99, b"HTTP/2"])
async def test_something_that_is_not_such_a_proxy(
    kind: ProxyKind, answer: bytes
) -> None:
    """A wrong port is the usual reason, and must not make us wait."""

    async def serve(peer: Peer) -> None:
        await peer.reader.read(1)
        peer.send(answer)
        peer.writer.close()

    async with scripted(serve) as port:
        proxy = Proxy(kind=kind, host="127.0.0.1", port=port)
        error = await refused(replace(config(143, host=NAME), proxy=proxy))
    assert "kind of proxy" in error.hint


async def test_an_http_answer_without_end_is_given_up() -> None:
    async def serve(peer: Peer) -> None:
        await peer.reader.read(1)
        peer.send(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000)

    async with scripted(serve) as port:
        proxy = Proxy(kind=ProxyKind.HTTP, host="127.0.0.1", port=port)
        error = await refused(replace(config(143, host=NAME), proxy=proxy))
    assert "does not speak HTTP" in str(error)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_hangs(kind: ProxyKind, behind: DovecotServer) -> None:
    """All of it counts within connect_timeout, and nothing is left open."""
    proxy = before(behind, kind, Security.TLS)
    proxy.hangs = True
    async with proxy:
        told = replace(through(proxy, behind), connect_timeout=0.1)
        with pytest.raises(IMAPTimeoutError) as caught:
            await IMAPConnection.open(told)
        assert proxy.configured().address in str(caught.value)
        await proxy.wait_open(0)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_proxy_that_cuts_at_every_octet(
    kind: ProxyKind, behind: DovecotServer
) -> None:
    """Until its answer is whole it is the proxy's fault, then the server's."""
    kinds: list[type[IMAPError]] = []
    async with before(behind, kind, Security.PLAIN) as proxy:
        told = through(proxy, behind, Security.PLAIN)
        for cut in range(200):
            proxy.cut = cut
            try:
                connection = await IMAPConnection.open(told)
            except IMAPConnectError as error:
                kinds.append(type(error))
                await proxy.wait_open(0)
            else:
                await connection.aclose()
                break
    assert kinds == [IMAPProxyError] * (len(kinds) - 1) + [IMAPGreetingError]
    assert len(kinds) > 8


@pytest.mark.parametrize("kind", KINDS)
async def test_cancelling_at_any_step_leaves_no_socket(
    kind: ProxyKind, behind: DovecotServer
) -> None:
    async with before(behind, kind, Security.PLAIN) as proxy:
        proxy.size = 1
        told = through(proxy, behind, Security.PLAIN)
        for steps in range(1, 400):
            opening = asyncio.ensure_future(IMAPConnection.open(told))
            for _ in range(steps):
                await asyncio.sleep(0)
            if not opening.cancel():
                break
            with pytest.raises(asyncio.CancelledError):
                await opening
            await proxy.wait_open(0)
        assert steps > 10
        assert len(proxy.asked) > 2
        await asyncio.wait([opening])
        if not opening.cancelled():
            await opening.result().aclose()


# -- Settings.


def test_the_url_of_a_proxy() -> None:
    told = ConnectionConfig(
        host="a.example",
        username="joe",
        proxy="socks5://jane:p%40%2Fss@[::1]:1080",
    )
    assert told.proxy == Proxy(
        kind=ProxyKind.SOCKS5,
        host="::1",
        port=1080,
        username="jane",
        password=Secret("p@/ss"),
    )
    assert isinstance(told.proxy, Proxy)
    assert told.proxy.address == "socks5://[::1]:1080"
    assert "p@/ss" not in repr(told)
    assert "p%40" not in repr(told)


@pytest.mark.parametrize(
    ("scheme", "kind"),
    [
        ("socks5h", ProxyKind.SOCKS5),
        ("socks4a", ProxyKind.SOCKS4A),
        ("http", ProxyKind.HTTP),
    ],
)
def test_kinds_of_proxies(scheme: str, kind: ProxyKind) -> None:
    assert Proxy.from_url(f"{scheme}://host:1").kind is kind


@pytest.mark.parametrize(
    ("url", "mistake"),
    [
        ("", "is not like"),
        ("hunter2@host:1", "is not like"),
        ("https://joe:hunter2@host:1", "is not like"),
        ("socks4://joe@host:1", "is not like"),
        ("socks5://joe:hunter2@host", "is not like"),
        ("socks5://joe:hunter2@host:70000", "is not like"),
        ("socks5://joe:hunter2@host:0", "port 0"),
        ("socks5://joe:hunter2/3@host:1", "is not like"),
        ("socks5://joe:hunter2#3@host:1", "is not like"),
        ("socks5://joe:hunter2@host:1/path", "is not like"),
        ("socks5://[hunter2", "is not like"),
        ("socks5://:hunter2@host:1", "no user name"),
        ("socks5://joe:hunter2@:1", "names no host"),
        ("socks5://joe:hunter2@a..b:1", "names no host"),
        ("socks4a://joe:hunter2@host:1", "knows no password"),
        ("http://jo%3Ae:hunter2@host:1", "no colon"),
        (f"socks5://joe:{'hunter2' * 40}@host:1", "too long"),
        ("socks5://joe:hunter2%00@host:1", "NUL"),
    ],
)
def test_mistakes_in_the_url_of_a_proxy(url: str, mistake: str) -> None:
    """Whatever is wrong, the password is not shown."""
    with pytest.raises(IMAPConfigurationError) as caught:
        ConnectionConfig(host="a.example", username="", proxy=url)
    assert mistake in str(caught.value)
    assert "username: is empty" in caught.value.mistakes
    error: BaseException | None = caught.value
    while error is not None:
        assert "hunter2" not in str(error) + repr(error)
        error = error.__cause__ or error.__context__


def test_a_password_that_is_no_text() -> None:
    with pytest.raises(IMAPConfigurationError, match="is not text") as caught:
        Proxy(
            kind=ProxyKind.SOCKS5,
            host="a",
            port=1,
            username="joe",
            password=Secret("\udc80"),
        )
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "environ",
    [
        {"AIOSAGE_URL": "imaps://joe@a.example"},
        {"AIOSAGE_HOST": "a.example", "AIOSAGE_USERNAME": "joe"},
    ],
)
def test_the_proxy_from_the_environment(environ: dict[str, str]) -> None:
    assert ConnectionConfig.from_env(environ=environ).proxy is None
    environ |= {"AIOSAGE_PROXY": "http://proxy.example:3128"}
    proxy = ConnectionConfig.from_env(environ=environ).proxy
    assert proxy == Proxy(kind=ProxyKind.HTTP, host="proxy.example", port=3128)


@pytest.mark.parametrize("host", ["a..b", "a" * 64, ".", "a\x01b", f"{'a.' * 130}b"])
def test_what_cannot_be_a_host_is_a_mistake(host: str) -> None:
    """The name server would be asked for it with an error nobody expects."""
    with pytest.raises(IMAPConfigurationError, match="host"):
        ConnectionConfig(host=host, username="joe")
