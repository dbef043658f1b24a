"""What is said after logging in: ENABLE and ID, and what the server makes of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from aiosage.connection import ConnectionConfig, IMAPConnection, Security
from aiosage.connection._introduction import to_enable
from aiosage.errors import (
    IMAPAuthenticationError,
    IMAPConfigurationError,
    IMAPGreetingError,
    IMAPTimeoutError,
)
from aiosage.model import Flag, MessageSet, Referral, Secret
from aiosage.testing import Certificates
from aiosage.wire import FetchData
from aiosage.wire.commands import (
    Append,
    Capability,
    Create,
    Enable,
    Login,
    SessionState,
    StoreMode,
    UidStore,
    Unauthenticate,
)

from ..conftest import Endpoint
from .scripted import PASSWORD, Peer, config, outcome, scripted

OFFERED = "IMAP4rev1 LITERAL+ ENABLE ID CONDSTORE QRESYNC UTF8=ACCEPT UNAUTHENTICATE"


def logged_in(capabilities: str = OFFERED) -> str:
    """Return the transcript of a login to a server that can do *capabilities*."""
    return (
        f"S: * OK [CAPABILITY {capabilities}] hi\nC: T0 LOGIN joe {PASSWORD}\n"
        f"S: T0 OK [CAPABILITY {capabilities}] logged in\n"
    )


def test_only_what_is_offered_is_enabled() -> None:
    """A server may answer a name that it does not know with BAD."""
    offered = {"ENABLE", "CONDSTORE", "QRESYNC"}
    assert to_enable(("QRESYNC", "X", "CONDSTORE"), offered) == (
        "QRESYNC",
        "CONDSTORE",
    )
    assert to_enable(("CONDSTORE",), offered - {"ENABLE"}) == ()
    assert to_enable((), offered) == ()


def test_utf8_is_enabled_where_nothing_goes_without() -> None:
    """RFC 6855 §6: it is UTF8=ACCEPT that is enabled, never UTF8=ONLY."""
    offered = {"ENABLE", "UTF8=ACCEPT", "UTF8=ONLY"}
    assert to_enable((), offered) == ("UTF8=ACCEPT",)
    assert to_enable(("UTF8=ACCEPT",), offered) == ("UTF8=ACCEPT",)


async def test_both_are_said_in_one_round_trip() -> None:
    """Neither answer is sent before both were asked."""
    script = (
        f"{logged_in()}C: T1 ENABLE CONDSTORE QRESYNC\n"
        'C: T2 ID ("name" "mine" "version" "1")\n'
        "S: * ENABLED CONDSTORE QRESYNC X-MORE\nS: T1 OK\n"
        'S: * ID ("Name" "theirs" "os" NIL)\nS: T2 OK'
    )
    async with scripted(script) as port:
        account = replace(
            config(port),
            enable=("condstore", "qresync", "NOTIFY"),
            client_id={"name": "mine", "version": "1"},
        )
        connection = await IMAPConnection.open(account)
        assert connection.enabled == {"CONDSTORE", "QRESYNC", "X-MORE"}
        assert connection.server_id == {"name": "theirs", "os": None}
        connection.abort()


async def test_more_may_be_enabled_later() -> None:
    """RFC 9051 §6.3.1: each ENABLE adds, and its answer tells of that alone."""
    script = (
        f"{logged_in()}C: T1 ENABLE CONDSTORE\nS: * ENABLED CONDSTORE\nS: T1 OK\n"
        "C: T2 ENABLE QRESYNC\nS: * ENABLED QRESYNC\nS: T2 OK"
    )
    async with scripted(script) as port:
        account = replace(config(port), enable=("CONDSTORE",), client_id=None)
        connection = await IMAPConnection.open(account)
        assert await connection.execute(Enable(("QRESYNC",))) == {"QRESYNC"}
        assert connection.enabled == {"CONDSTORE", "QRESYNC"}
        connection.abort()


async def test_by_default_only_our_name_is_told() -> None:
    """Some servers let nobody in who has not told (163.com: "Unsafe Login")."""
    script = f'{logged_in()}C: T1 ID ("name" "aiosage" "version" "...'

    async def answer(peer: Peer) -> None:
        await peer.play("S: T1 OK")

    async with scripted(script, answer) as port:
        connection = await IMAPConnection.open(config(port))
        assert connection.enabled == frozenset()
        assert connection.server_id == {}
        connection.abort()


async def test_nothing_is_told_if_nothing_shall_be() -> None:
    async with scripted(f"{logged_in()}C: T1 NOOP\nS: T1 OK") as port:
        account = replace(config(port), client_id=None)
        connection = await IMAPConnection.open(account)
        await connection.noop()
        connection.abort()


async def test_who_tells_nothing_may_ask() -> None:
    script = f'{logged_in()}C: T1 ID NIL\nS: * ID ("name" "x")\nS: T1 OK'
    async with scripted(script) as port:
        connection = await IMAPConnection.open(replace(config(port), client_id={}))
        assert connection.server_id == {"name": "x"}
        connection.abort()


async def test_a_server_that_refuses_both_is_good_all_the_same() -> None:
    script = (
        f"{logged_in()}C: T1 ENABLE QRESYNC\nC: T2 ID ...\nS: T1 BAD no\nS: T2 NO no\n"
        "C: T3 NOOP\nS: T3 OK"
    )
    async with scripted(script) as port:
        account = replace(config(port), enable=("QRESYNC",))
        connection = await IMAPConnection.open(account)
        assert connection.enabled == frozenset()
        await connection.noop()
        connection.abort()


async def test_an_end_meanwhile_is_no_session() -> None:
    async with scripted(f"{logged_in()}C: T1 ID ...\nS! close") as port:
        error = await outcome(IMAPConnection.open(config(port)))
    assert "logging in" in str(error)


async def test_a_server_that_does_not_answer_is_given_up() -> None:
    """The deadline is that of the whole way to a session."""
    async with scripted(f"{logged_in()}C: T1 ID ...") as port:
        account = replace(config(port), connect_timeout=0.2)
        error = await outcome(IMAPConnection.open(account))
    assert isinstance(error, IMAPTimeoutError)


async def test_cancelled_meanwhile_nothing_stays_open() -> None:
    asked = asyncio.Event()
    gone = asyncio.Event()

    async def serve(peer: Peer) -> None:
        asked.set()
        await peer.gone()
        gone.set()

    script = f"{logged_in()}C: T1 ENABLE QRESYNC\nC: T2 ID ..."
    async with scripted(script, serve) as port, asyncio.timeout(5):
        account = replace(config(port), enable=("QRESYNC",))
        opening = asyncio.ensure_future(IMAPConnection.open(account))
        await asked.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await gone.wait()


@pytest.mark.parametrize(
    ("client_id", "mistake"),
    [
        ({f"x{n}": "" for n in range(31)}, "31 fields, more than 30"),
        ({"n" * 31: ""}, "31 octets, more than 30"),
        ({"é" * 16: ""}, "32 octets, more than 30"),
        ({"name": "v" * 1025}, "1025 octets, more than 1024"),
        ({"name": "", "NAME": ""}, "a field twice"),
        ({"name": "a\0"}, "NUL"),
        ({"name": "\ud800"}, "cannot be sent"),
    ],
)
def test_what_the_id_command_cannot_say(
    client_id: dict[str, str], mistake: str
) -> None:
    """RFC 2971 §3.3."""
    with pytest.raises(IMAPConfigurationError, match=mistake):
        ConnectionConfig(host="h", username="u", client_id=client_id)


def test_as_much_as_the_id_command_can_say() -> None:
    most = {f"{n:030}": "v" * 1024 for n in range(30)}
    config = ConnectionConfig(host="h", username="u", client_id=most)
    most.clear()
    assert config.client_id is not None
    assert len(config.client_id) == 30
    assert hash(config)


@pytest.mark.parametrize("enable", [("A B",), ("",), ("X\r\nT2 LOGOUT",), ("É",)])
def test_what_is_no_capability(enable: tuple[str, ...]) -> None:
    with pytest.raises(IMAPConfigurationError, match=r"enable: .* not the name"):
        ConnectionConfig(host="h", username="u", enable=enable)


def test_one_name_is_not_a_tuple_of_letters() -> None:
    with pytest.raises(IMAPConfigurationError, match=r"\('CONDSTORE',\)"):
        ConnectionConfig(host="h", username="u", enable="CONDSTORE")  # type: ignore[arg-type]  # what it is about


async def test_what_is_enabled_ends_with_the_login() -> None:
    """RFC 8437 §4.1; and names go as they did before."""
    script = (
        f"{logged_in()}C: T1 ENABLE UTF8=ACCEPT\nS: * ENABLED UTF8=ACCEPT\nS: T1 OK\n"
        'C: T2 CREATE "ä"\nS: T2 OK\nC: T3 UNAUTHENTICATE\nS: T3 OK\n'
        f"C: T4 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: T4 OK\n"
        "C: T5 LOGIN joe x\nS: T5 OK\nC: T6 CREATE &AOQ-\nS: T6 OK"
    )
    async with scripted(script) as port:
        account = replace(config(port), enable=("UTF8=ACCEPT",), client_id=None)
        connection = await IMAPConnection.open(account)
        await connection.execute(Create("ä"))
        await connection.execute(Unauthenticate())
        assert connection.state is SessionState.NOT_AUTHENTICATED
        assert connection.enabled == frozenset()
        assert connection.capabilities == frozenset()
        await connection.execute(Capability())
        await connection.execute(Login("joe", Secret("x")))
        await connection.execute(Create("ä"))
        connection.abort()


async def test_what_is_announced_with_the_end_of_a_login_holds() -> None:
    script = (
        f"{logged_in()}C: T1 UNAUTHENTICATE\nS: T1 OK [CAPABILITY IMAP4rev1 IDLE] bye"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(replace(config(port), client_id=None))
        await connection.execute(Unauthenticate())
        assert connection.capabilities == {"IMAP4REV1", "IDLE"}
        connection.abort()


async def test_what_was_said_in_the_clear_is_forgotten(
    certificates: Certificates,
) -> None:
    """Else who is in between decides how names are written behind TLS."""
    login = f"C: T1 LOGIN joe {PASSWORD}\nS: T1 OK in\n"

    async def serve(peer: Peer) -> None:
        await peer.play(
            "S: * OK [CAPABILITY IMAP4rev2 STARTTLS] hi\nC: T0 STARTTLS\n"
            'S: * ID ("name" "x")\nS: T0 OK go on'
        )
        await peer.writer.start_tls(certificates.server_context())
        await peer.play(
            f"C: T2 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: T2 OK\n{login}"
            "C: T3 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: T3 OK\n"
            "C: T4 CREATE &AOQ-\nS: T4 OK"
        )

    async with scripted(serve) as port:
        connection = await IMAPConnection.open(
            config(
                port,
                host="localhost",
                security=Security.STARTTLS,
                ssl_context=certificates.client_context(),
            )
        )
        await connection.execute(Create("ä"))
        assert connection.server_id == {}
        connection.abort()


REFERRAL = Referral("imap://joe;AUTH=*@Server2:1143/", "server2", 1143, "joe")


async def test_a_login_refused_for_another_server_says_which() -> None:
    """RFC 2221 §4.1; and no weaker way to log in is tried here."""
    script = (
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=CRAM-MD5] hi\n"
        "C: T0 AUTHENTICATE CRAM-MD5\n"
        f"S: T0 NO [REFERRAL {REFERRAL.url}] not here"
    )
    async with scripted(script) as port:
        with pytest.raises(IMAPAuthenticationError) as caught:
            await IMAPConnection.open(config(port))
    assert caught.value.referral == REFERRAL
    assert "server2" in str(caught.value)


async def test_a_login_may_succeed_and_the_mail_be_elsewhere() -> None:
    script = (
        f"S: * OK [CAPABILITY IMAP4rev1] hi\nC: T0 LOGIN joe {PASSWORD}\n"
        f"S: T0 OK [REFERRAL {REFERRAL.url}] public mailboxes only\n"
        "C: T1 CAPABILITY\nS: * CAPABILITY IMAP4rev1\nS: T1 OK"
    )
    async with scripted(script) as port:
        connection = await IMAPConnection.open(config(port))
        assert connection.referral == REFERRAL
        connection.abort()


async def test_a_greeting_may_refer_to_another_server() -> None:
    """RFC 2221 §4.2."""
    async with scripted(f"S: * BYE [REFERRAL {REFERRAL.url}] gone\nS! close") as port:
        error = await outcome(IMAPConnection.open(config(port)))
    assert isinstance(error, IMAPGreetingError)
    assert error.referral == REFERRAL
    assert "server2" in str(error)


async def test_real_servers_enable_and_tell(any_server: Endpoint) -> None:
    """With CONDSTORE enabled, each change of flags tells its MODSEQ."""
    account = ConnectionConfig(
        host="localhost",
        port=any_server.tls_port,
        username=any_server.username,
        password=Secret(any_server.password),
        security=Security.TLS,
        ssl_context=any_server.ssl_context,
        enable=("CONDSTORE", "X-NOBODY-HAS-THIS"),
    )
    heard: list[object] = []
    async with await IMAPConnection.open(account) as connection:
        assert connection.server_id["name"]
        if any_server.kind == "memory":
            return  # it has no CONDSTORE
        assert "CONDSTORE" in connection.enabled
        await connection.execute(Append("INBOX", b"Subject: x\r\n\r\nx"))
        await connection.select("INBOX")
        connection.add_listener(heard.append)
        store = UidStore(MessageSet([1]), StoreMode.ADD, frozenset({Flag.SEEN}))
        await connection.execute(store)
    assert [data.modseq for data in heard if isinstance(data, FetchData)] > [0]
