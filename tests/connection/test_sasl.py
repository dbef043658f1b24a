"""SASL mechanisms as the RFCs write them, and what they do not put up with."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from aiosage.connection.sasl import (
    LOGIN_COMMAND,
    MAX_CHALLENGE,
    MECHANISMS,
    Anonymous,
    CramMd5,
    Credentials,
    External,
    Login,
    Mechanism,
    OAuthBearer,
    Plain,
    Scram,
    XOAuth2,
    error_details,
    make,
    ways,
)
from aiosage.errors import IMAPConfigurationError, IMAPProtocolError
from aiosage.model import Secret
from aiosage.wire import Condition, Encoder, Status
from aiosage.wire.commands import Authenticate

JOE = Credentials("joe", Secret("p w"))
USER = Credentials("user", Secret("pencil"))
OK = Status("T", Condition.OK, None, "")


def test_plain() -> None:
    """RFC 4616 §4."""
    told = Credentials("kurt", Secret("xipj3plmq"), authzid="ursel")
    assert Plain(told).begin() == b"ursel\0kurt\0xipj3plmq"
    assert Plain(JOE).begin() == b"\0joe\0p w"


def test_login_answers_in_order_whatever_is_asked() -> None:
    run = Login(JOE)
    assert run.begin() is None
    assert run.answer(b"User Name\0") == b"joe"
    assert not run.has_proved
    assert run.answer(b"?") == b"p w"
    assert run.has_proved
    assert run.answer(b"more?") is None
    assert "more" in run.failure


def test_cram_md5() -> None:
    """RFC 2195 §2."""
    run = CramMd5(Credentials("tim", Secret("tanstaaftanstaaf")))
    assert run.begin() is None
    answer = run.answer(b"<1896.697170952@postoffice.reston.mci.net>")
    assert answer == b"tim b913a602c7eda7a495b4e6e7334d3890"
    assert run.answer(b"<1@x>") is None
    assert run.failure


SCRAM_SHA_1 = (
    "SCRAM-SHA-1",
    "fyko+d2lbbFgONRv9qkxdawL",
    b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
    (
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
        b"p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    ),
    b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
)
SCRAM_SHA_256 = (
    "SCRAM-SHA-256",
    "rOprNGfwEbeRWgbNEkqO",
    (
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    ),
    (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    ),
    b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
)


@pytest.mark.parametrize(
    ("name", "nonce", "first", "final", "proof"), [SCRAM_SHA_1, SCRAM_SHA_256]
)
def test_scram(name: str, nonce: str, first: bytes, final: bytes, proof: bytes) -> None:
    """RFC 5802 §5 and RFC 7677 §3."""
    run = Scram(name, USER, nonce=nonce)
    assert run.begin() == b"n,,n=user,r=" + nonce.encode()
    assert not run.has_proved
    assert run.answer(first) == final
    assert run.has_proved
    assert "not proved" in run.failure
    assert run.answer(proof) == b""
    assert run.failure == ""
    assert run.answer(b"") is None
    assert run.failure


@pytest.mark.parametrize(
    "proof",
    [
        b"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        b"v=",
        b"e=invalid-proof",
        b"",
        b"\xff",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,v=x",
    ],
)
def test_a_server_that_does_not_know_the_password_is_found_out(proof: bytes) -> None:
    """RFC 5802 §5: the client must not go on if the signature is wrong."""
    name, nonce, first, final, _ = SCRAM_SHA_256
    run = Scram(name, USER, nonce=nonce)
    run.begin()
    assert run.answer(first) == final
    assert run.answer(proof) is None
    assert run.failure
    with pytest.raises(IMAPProtocolError):
        Authenticate(run, True).result([], OK)


def test_an_ok_before_the_server_has_proved_itself_is_no_success() -> None:
    name, nonce, first, _, proof = SCRAM_SHA_256
    run = Scram(name, USER, nonce=nonce)
    command = Authenticate(run, True)
    run.begin()
    with pytest.raises(IMAPProtocolError, match="not proved"):
        command.result([], OK)
    run.answer(first)
    with pytest.raises(IMAPProtocolError, match="not proved"):
        command.result([], OK)
    run.answer(proof)
    command.result([], OK)


@pytest.mark.parametrize(
    "first",
    [
        b"r=someone-elses-nonce,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=600001",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=" + b"9" * 9999,
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=????????????????????????,i=4096",
        b"m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"e=unknown-user",
        b"",
        b"\xff\xfe",
        b"x" * (MAX_CHALLENGE + 1),
    ],
)
def test_scram_gives_up_on_a_broken_message_before_it_proves_anything(
    first: bytes,
) -> None:
    """Nor does it hash a million times because a server says so."""
    run = Scram("SCRAM-SHA-256", USER, nonce="rOprNGfwEbeRWgbNEkqO")
    run.begin()
    assert run.answer(first) is None
    assert run.error
    assert not run.has_proved
    assert "pencil" not in run.error


def test_scram_prepares_user_name_and_password() -> None:
    """By SASLprep (RFC 4013 §3); comma and equals sign are escaped."""
    run = Scram("SCRAM-SHA-1", Credentials("I\u00adX=\u00aa,", Secret("p")), nonce="n")
    assert run.begin() == b"n,,n=IX=3Da=2C,r=n"
    with pytest.raises(ValueError, match=r"^(?!.*hunter2)"):
        Scram("SCRAM-SHA-1", Credentials("a", Secret("hunter2\u0007")))


def test_scram_without_scramp_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "scramp", None)
    with pytest.raises(IMAPConfigurationError, match=r"pip install 'aiosage\[auth\]'"):
        Scram("SCRAM-SHA-1", USER)


def test_oauthbearer() -> None:
    """RFC 7628 §4.1 and §4.3."""
    token = Secret("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
    told = Credentials(
        "user@example.com", token=token, host="server.example.com", port=143
    )
    run = OAuthBearer(told)
    encoder = Encoder("t1")
    Authenticate(run, True).encode(encoder)
    (flight,) = encoder.finish().flights
    assert b"".join(flight) == (
        b"t1 AUTHENTICATE OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5jb20sAWhv"
        b"c3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyI"
        b"HZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQ"
        b"EB\r\n"
    )
    challenge = (
        b"eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxl"
        b"X3Njb3BlIiwib3BlbmlkLWNvbmZpZ3VyYXRpb24iOiJodHRwczovL2V4"
        b"YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1cmF0aW9u"
        b"In0="
    )
    assert Authenticate(run, True).answer(challenge) == b"AQ=="
    assert run.details == {
        "status": "invalid_token",
        "scope": "example_scope",
        "openid-configuration": "https://example.com/.well-known/openid-configuration",
    }
    assert run.answer(b"{}") is None


def test_oauthbearer_escapes_what_would_end_the_name() -> None:
    run = OAuthBearer(Credentials("a,b=c", token=Secret("t"), host="h", port=1))
    assert run.begin() == b"n,a=a=2Cb=3Dc,\x01host=h\x01port=1\x01auth=Bearer t\x01\x01"


def test_xoauth2() -> None:
    """As Google documents it."""
    run = XOAuth2(Credentials("someuser@example.com", token=Secret("ya29.vF9dft4q")))
    first = b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4q\x01\x01"
    assert run.begin() == first
    assert run.answer(b'{"status":"400","schemes":"Bearer","scope":"s"}') == b""
    assert run.details == {"status": "400", "schemes": "Bearer", "scope": "s"}


@pytest.mark.parametrize(
    "challenge",
    [b"", b"nonsense", b"\xff", b"[1]", b"[" * 4096, b"1" * 4096, b'{"a":' * 800],
)
def test_an_error_that_is_not_json_tells_nothing(challenge: bytes) -> None:
    assert error_details(challenge) == {}


def test_an_error_is_cut_to_size() -> None:
    told = error_details(json.dumps({"a": "x" * 3000, "n": 1, "o": {"b": 1}}).encode())
    assert told == {"a": "x" * 500, "n": "1"}
    assert error_details(json.dumps({"a": "x" * 5000}).encode()) == {}


def test_external_and_anonymous() -> None:
    assert External(JOE).begin() == b""
    assert External(Credentials("joe", authzid="jane")).begin() == b"jane"
    assert Anonymous(JOE).begin() == b"joe"


@pytest.mark.parametrize(
    ("mechanism", "line"),
    [
        (External(JOE), "T AUTHENTICATE EXTERNAL ="),
        (Login(JOE), "T AUTHENTICATE LOGIN"),
    ],
)
def test_an_empty_initial_response_is_told_from_none(
    mechanism: Mechanism, line: str
) -> None:
    """RFC 4959 §3."""
    encoder = Encoder("T")
    Authenticate(mechanism, True).encode(encoder)
    ((octets,),) = encoder.finish().flights
    assert octets.decode() == line + "\r\n"


@pytest.mark.parametrize("invitation", [b"", b"go ahead", b"OK"])
def test_without_sasl_ir_the_first_challenge_asks_for_the_initial_response(
    invitation: bytes,
) -> None:
    """Which should be empty, and is not with every server."""
    command = Authenticate(Plain(JOE), False)
    encoder = Encoder("T")
    command.encode(encoder)
    encoded = encoder.finish()
    assert encoded.flights == ([b"T AUTHENTICATE PLAIN\r\n"],)
    assert base64.b64decode(command.answer(invitation)) == b"\0joe\0p w"
    assert command.answer(b"") == b"*"


def test_the_initial_response_is_not_shown() -> None:
    encoder = Encoder("T")
    Authenticate(Plain(JOE), True).encode(encoder)
    assert encoder.finish().shown == "T AUTHENTICATE PLAIN ***"


@pytest.mark.parametrize("value", ["a\0b", "\udc80"])
@pytest.mark.parametrize(
    "mechanism",
    [
        Plain,
        Login,
        CramMd5,
        OAuthBearer,
        XOAuth2,
        lambda told: Scram("SCRAM-SHA-1", told),
    ],
)
def test_what_cannot_be_said_is_refused_at_once(
    mechanism: Callable[[Credentials], Mechanism], value: str
) -> None:
    """Not when the server asks, which is in the middle of receiving."""
    secret = Secret(value)
    for told in (
        Credentials(value, Secret("x"), token=Secret("x")),
        Credentials("x", secret, token=secret),
    ):
        with pytest.raises(ValueError, match=r"character|NUL") as caught:
            mechanism(told)
        assert value not in str(caught.value)


@pytest.mark.parametrize("mechanism", [XOAuth2, OAuthBearer])
@pytest.mark.parametrize(
    "told",
    [
        Credentials("u", token=Secret("t\x01\x01user=admin")),
        Credentials("u\x01auth=Bearer other", token=Secret("t")),
        Credentials("u", token=Secret("t"), authzid="u\x01auth=Bearer other"),
    ],
)
def test_nothing_can_end_its_field(
    mechanism: Callable[[Credentials], Mechanism], told: Credentials
) -> None:
    with pytest.raises(ValueError, match="stand in a user name or token"):
        mechanism(told)


ALL = frozenset(
    f"AUTH={name}"
    for name in (
        *("PLAIN", "LOGIN", "CRAM-MD5", "EXTERNAL", "ANONYMOUS", "GSSAPI"),
        *("XOAUTH2", "OAUTHBEARER", "SCRAM-SHA-1", "SCRAM-SHA-256"),
        *("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"),
    )
)


def chosen(
    offered: frozenset[str] = ALL,
    *,
    password: bool = True,
    token: bool = False,
    authzid: bool = False,
    tls: bool = True,
    bind: bool = True,
    scram: bool = True,
) -> list[str]:
    """Return the ways, with what is usual left out."""
    return list(
        ways(
            offered,
            has_password=password,
            has_token=token,
            has_authzid=authzid,
            in_tls=tls,
            can_bind=bind,
            can_scram=scram,
        )
    )


def test_the_strongest_way_comes_first() -> None:
    strong = ["SCRAM-SHA-256", "SCRAM-SHA-1"]
    bound = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS"]
    weak = ["PLAIN", "LOGIN", LOGIN_COMMAND]
    assert chosen() == [*bound, *strong, *weak, "CRAM-MD5"]
    assert chosen(bind=False) == [*strong, *weak, "CRAM-MD5"]
    assert chosen(tls=False, bind=False) == [*strong, "CRAM-MD5", *weak]
    assert chosen(scram=False) == [*weak, "CRAM-MD5"]
    assert chosen(authzid=True) == ["PLAIN"]
    assert chosen(password=False)[0] == "EXTERNAL"
    assert "EXTERNAL" not in chosen(password=False, tls=False, bind=False)


def test_a_token_never_gives_way_to_a_password() -> None:
    assert chosen(token=True) == ["OAUTHBEARER", "XOAUTH2"]
    assert chosen(frozenset({"AUTH=PLAIN"}), token=True) == []


def test_logindisabled_rules_out_the_command_only() -> None:
    assert chosen(frozenset({"LOGINDISABLED"})) == []
    assert chosen(frozenset({"LOGINDISABLED", "AUTH=PLAIN"})) == ["PLAIN"]
    assert chosen(frozenset()) == [LOGIN_COMMAND]


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_mechanism_can_be_made_by_name(name: str) -> None:
    told = replace(USER, token=Secret("t"))
    if name.endswith("-PLUS"):
        with pytest.raises(ValueError, match="channel"):
            make(name, told, offered=ALL, binding=None)
    else:
        assert make(name, told, offered=ALL, binding=None).name == name
