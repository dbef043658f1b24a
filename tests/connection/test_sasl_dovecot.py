"""Every mechanism that Dovecot 2.3 offers, on one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import ssl
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from aiosage.connection import (
    ConnectionConfig,
    IMAPConnection,
    Security,
    TokenRequest,
)
from aiosage.connection.sasl import OAUTH as BY_TOKEN
from aiosage.errors import (
    IMAPAuthenticationError,
    IMAPCapabilityError,
)
from aiosage.model import Secret
from aiosage.testing import Certificates, DovecotServer
from aiosage.wire.commands import SessionState

from .announcements import announcements
from .extensions import MECHANISMS, On, ways

pytestmark = pytest.mark.dovecot

KEY = b"the-key-that-signs-the-tokens-of-these-tests"
CERTIFIED = "jane"
CONFIG = """
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 anonymous external \
xoauth2 oauthbearer
auth_anonymous_username = nobody-in-particular
auth_master_user_separator = *
ssl_ca = <{folder}/ca.pem
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_username_from_cert = yes
passdb {{
  driver = passwd-file
  master = yes
  args = username_format=%u {folder}/masters
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf.ext
}}
passdb {{
  driver = static
  args = nopassword=yes
  mechanisms = external anonymous
}}
"""
OAUTH = """\
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = sub
issuers = https://issuer.test
openid_configuration_url = https://issuer.test/.well-known/openid-configuration
"""


def jwt(user: str, *, lifetime: float = 600.0) -> str:
    """Return a signed token for *user* (RFC 7519, HS256)."""

    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    now = int(time.time())
    claims = {"sub": user, "iss": "https://issuer.test", "iat": now - 900}
    payload = json.dumps({**claims, "exp": int(now + lifetime)}).encode()
    signed = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(payload)
    signature = hmac.new(KEY, signed, hashlib.sha256).digest()
    return (signed + b"." + part(signature)).decode()


@pytest.fixture(scope="module")
def client_certificate() -> Iterator[tuple[Path, Path]]:
    """The authority of client certificates, and one with its key for `CERTIFIED`."""
    authority = trustme.CA()
    issued = authority.issue_cert(f"{CERTIFIED}@example.org", common_name=CERTIFIED)
    with tempfile.TemporaryDirectory(prefix="aiosage-") as name:
        folder = Path(name)
        authority.cert_pem.write_to_path(folder / "ca.pem")
        issued.private_key_and_cert_chain_pem.write_to_path(folder / "client.pem")
        yield folder / "ca.pem", folder / "client.pem"


@pytest.fixture(scope="module")
def server(
    dovecot: DovecotServer,
    certificates: Certificates,
    client_certificate: tuple[Path, Path],
) -> Iterator[DovecotServer]:
    """A Dovecot with all its mechanisms on. Without any Dovecot, skipped."""
    with tempfile.TemporaryDirectory(prefix="aiosage-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # another user runs the server
        (folder / "ca.pem").write_bytes(client_certificate[0].read_bytes())
        (folder / "masters").write_text("admin:{PLAIN}masterly::::::\n")
        (folder / "oauth2.conf.ext").write_text(OAUTH.format(folder=folder))
        keys = folder / "keys" / "default" / "HS256"
        keys.mkdir(parents=True)
        (keys / "default").write_bytes(base64.b64encode(KEY))
        server = DovecotServer(
            certificates=certificates, extra_config=CONFIG.format(folder=folder)
        )
        with server:
            yield server


def config(server: DovecotServer, auth: str = "auto") -> ConnectionConfig:
    """Return how a new user reaches *server* over TLS."""
    return ConnectionConfig(
        host=server.host,
        port=server.tls_port,
        username=server.new_user(),
        password=Secret(server.password),
        auth=auth,
        ssl_context=server.client_context(),
    )


def in_the_clear(config: ConnectionConfig, server: DovecotServer) -> ConnectionConfig:
    """Return the same without TLS."""
    return replace(config, security=Security.PLAIN, port=server.port, ssl_context=None)


def over(
    security: Security, config: ConnectionConfig, server: DovecotServer
) -> ConnectionConfig:
    """Return the same by *security*."""
    if security is Security.PLAIN:
        return in_the_clear(config, server)
    port = server.tls_port if security is Security.TLS else server.port
    return replace(config, security=security, port=port)


@pytest.mark.parametrize(("security", "mechanism"), ways(On.DOVECOT))
async def test_every_mechanism_over_every_security(
    server: DovecotServer,
    client_certificate: tuple[Path, Path],
    security: Security,
    mechanism: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = config(server)
    if mechanism == "EXTERNAL":
        context = certified(server, client_certificate[1])
        told = replace(told, username=CERTIFIED, ssl_context=context).with_password("")
    if mechanism in BY_TOKEN:
        told = replace(told, token=Secret(jwt(told.username)))
    told = over(security, replace(told, auth=mechanism), server)
    caplog.set_level(logging.DEBUG)
    await logged_in(told)
    sent = [text for text in caplog.messages if "AUTHENTICATE" in text]
    assert [text.split()[3] for text in sent] == [mechanism]


@pytest.mark.parametrize("security", Security)
async def test_no_mechanism_is_left_out(
    server: DovecotServer, security: Security
) -> None:
    """But for EXTERNAL in the clear, where there is no certificate to go by."""
    told = await announcements(server, security)
    left_out = told.mechanisms - {*MECHANISMS[On.DOVECOT][security]}
    assert left_out == ({"EXTERNAL"} if security is Security.PLAIN else set())
    assert told.mechanisms >= {*MECHANISMS[On.DOVECOT][security]}


async def logged_in(config: ConnectionConfig) -> None:
    """Log in by *config*, and see that the session is of use."""
    async with await IMAPConnection.open(config) as connection:
        assert connection.state is SessionState.AUTHENTICATED
        assert (await connection.select("INBOX")).exists == 0


PASSWORDS = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]


@pytest.mark.parametrize("auth", [*PASSWORDS, "auto"])
async def test_a_wrong_password_is_refused(server: DovecotServer, auth: str) -> None:
    with pytest.raises(IMAPAuthenticationError) as caught:
        await IMAPConnection.open(config(server, auth).with_password("wrong"))
    assert caught.value.code == "AUTHENTICATIONFAILED"
    assert not caught.value.retryable


@pytest.mark.parametrize("security", [Security.TLS, Security.PLAIN])
async def test_auto_takes_the_strongest(
    server: DovecotServer,
    security: Security,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    told = config(server)
    await logged_in(told if security is Security.TLS else in_the_clear(told, server))
    assert "AUTHENTICATE SCRAM-SHA-256" in caplog.text


async def test_a_master_user_acts_as_another(server: DovecotServer) -> None:
    told = config(server, "PLAIN")
    told = replace(told, username="admin", authzid=told.username)
    await logged_in(told.with_password("masterly"))
    with pytest.raises(IMAPAuthenticationError):
        await IMAPConnection.open(told.with_password("wrong"))


def certified(server: DovecotServer, path: Path) -> ssl.SSLContext:
    """Return a client's context that shows the certificate in *path*."""
    context = server.client_context()
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize("auth", ["EXTERNAL", "auto"])
async def test_a_client_certificate_logs_in(
    server: DovecotServer, client_certificate: tuple[Path, Path], auth: str
) -> None:
    """Without a password, "auto" tries it too."""
    context = certified(server, client_certificate[1])
    told = replace(config(server, auth), ssl_context=context).with_password("")
    await logged_in(replace(told, username=CERTIFIED))


async def test_external_without_a_certificate(server: DovecotServer) -> None:
    with pytest.raises(IMAPAuthenticationError, match="certificate"):
        await IMAPConnection.open(config(server, "EXTERNAL"))


@pytest.mark.parametrize("auth", ["XOAUTH2", "OAUTHBEARER", "auto"])
async def test_a_token_logs_in(
    server: DovecotServer, auth: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = replace(config(server), username=server.new_user())
    token = jwt(told.username)
    await logged_in(replace(told, token=Secret(token), auth=auth))
    assert ("OAUTHBEARER" if auth == "auto" else auth) in caplog.text
    assert token not in caplog.text


@pytest.mark.parametrize("auth", ["XOAUTH2", "OAUTHBEARER"])
async def test_an_expired_token_is_refused_with_the_servers_reason(
    server: DovecotServer, auth: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = config(server)
    token = jwt(told.username, lifetime=-60)
    with pytest.raises(IMAPAuthenticationError) as caught:
        await IMAPConnection.open(replace(told, token=Secret(token), auth=auth))
    assert caught.value.details["status"] in {"invalid_token", "401", "400"}
    assert caught.value.details["status"] in str(caught.value)
    assert token not in caplog.text + repr(caught.value.__dict__)


async def test_a_refused_token_is_asked_for_again_once(server: DovecotServer) -> None:
    told = config(server)
    old, new = jwt(told.username, lifetime=-60), jwt(told.username)
    asked: list[TokenRequest] = []

    async def provide(request: TokenRequest) -> str:
        asked.append(request)
        return new if request.refused == Secret(old) else old

    await logged_in(replace(told, token=provide))
    first = TokenRequest(told.host, told.effective_port, told.username)
    assert asked == [first, replace(first, refused=Secret(old))]


async def test_what_dovecot_does_not_offer(server: DovecotServer) -> None:
    with pytest.raises(IMAPCapabilityError) as caught:
        await IMAPConnection.open(config(server, "SCRAM-SHA-256-PLUS"))
    assert caught.value.capability == "AUTH=SCRAM-SHA-256-PLUS"


async def test_auto_does_without_scram_where_the_password_is_hashed(
    dovecot: DovecotServer, certificates: Certificates
) -> None:
    """Dovecot announces it all the same, and refuses it before any proof."""
    digest = hashlib.sha256(b"hashed").digest()
    server = DovecotServer(certificates=certificates)
    server.password = "{SHA256}" + base64.b64encode(digest).decode()
    async with server:
        told = config(server).with_password("hashed")
        await logged_in(told)
        with pytest.raises(IMAPAuthenticationError, match="auth='PLAIN'"):
            await IMAPConnection.open(replace(told, auth="SCRAM-SHA-256"))
