"""Settings: every mistake at once, from anywhere, and never a secret shown."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from aiosage.connection import ConnectionConfig, Security
from aiosage.errors import IMAPConfigurationError
from aiosage.model import Secret


def test_defaults() -> None:
    config = ConnectionConfig(host="h", username="u")
    assert (config.security, config.effective_port) == (Security.TLS, 993)
    assert config.account == "u@h:993"
    assert ConnectionConfig(host="::1", username="u").address == "[::1]:993"


@pytest.mark.parametrize("name", ["port", "connect_timeout", "read_timeout"])
@pytest.mark.parametrize("value", ["993", b"1"])
def test_what_is_no_number_is_a_mistake(name: str, value: object) -> None:
    """The environment gives text, and not everybody checks types."""
    with pytest.raises(IMAPConfigurationError, match=f"{name}: {value!r} is not"):
        ConnectionConfig(host="h", username="u", **{name: value})  # type: ignore[arg-type]  # the mistake


def test_none_is_no_deadline() -> None:
    with pytest.raises(IMAPConfigurationError, match="read_timeout: None is not"):
        ConnectionConfig(host="h", username="u", read_timeout=None)  # type: ignore[arg-type]  # the mistake


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(IMAPConfigurationError) as caught:
        ConnectionConfig(
            host="a b",
            username="",
            port=0,
            security="ssl",  # type: ignore[arg-type]  # the mistake
            connect_timeout=0.0,
            read_timeout=-1.0,
            idle_renewal=math.nan,
        )
    names = [mistake.partition(":")[0] for mistake in caught.value.mistakes]
    assert names == [
        "host",
        "username",
        "port",
        "security",
        "connect_timeout",
        "read_timeout",
        "idle_renewal",
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("imaps://joe@h", ("h", 993, "joe", "", Security.TLS)),
        ("imap://joe@h", ("h", 143, "joe", "", Security.STARTTLS)),
        ("imap://joe@h:1?security=plain", ("h", 1, "joe", "", Security.PLAIN)),
        ("imaps://joe@x.org@h:9", ("h", 9, "joe@x.org", "", Security.TLS)),
        (
            "imaps://joe%40x.org:p%3Aw%2F@h",
            ("h", 993, "joe@x.org", "p:w/", Security.TLS),
        ),
        ("imaps://joe@[::1]:9", ("::1", 9, "joe", "", Security.TLS)),
    ],
)
def test_urls(url: str, expected: tuple[str, int, str, str, Security]) -> None:
    config = ConnectionConfig.from_url(url)
    assert expected == (
        config.host,
        config.effective_port,
        config.username,
        config.password.reveal(),
        config.security,
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h",
        "https://joe@h",
        "imaps://h",
        "imaps://joe@",
        "imaps://joe@h:x",
        "imaps://joe@h:99999",
        "imaps://joe@[h",
        "imaps://joe@h?secure=1",
        "imaps://joe@h?security=ssl",
    ],
)
def test_urls_that_name_no_account(url: str) -> None:
    with pytest.raises(IMAPConfigurationError) as caught:
        ConnectionConfig.from_url(url)
    assert caught.value.mistakes


@pytest.mark.parametrize(
    "password", ["hunter/2", "hunter#2", "hunter?2", "hu[nter2", "hu\u2100nter2"]
)
def test_a_password_that_breaks_the_url_is_not_shown(password: str) -> None:
    """What urllib complains about is part of the password, not a port."""
    with pytest.raises(IMAPConfigurationError) as caught:
        ConnectionConfig.from_url(f"imaps://joe:{password}@h")
    assert "hu" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_environment(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from a file\n")
    env = {"AIOSAGE_HOST": "h", "AIOSAGE_USERNAME": "u", "AIOSAGE_PASSWORD": "p w"}
    config = ConnectionConfig.from_env(environ=env)
    assert config.password == Secret("p w")
    env |= {"AIOSAGE_PASSWORD_FILE": str(file), "AIOSAGE_PORT": "9"}
    config = ConnectionConfig.from_env(environ=env | {"AIOSAGE_SECURITY": "starttls"})
    assert config.password == Secret("from a file")
    assert (config.port, config.security) == (9, Security.STARTTLS)
    config = ConnectionConfig.from_env(environ=env | {"AIOSAGE_URL": "imaps://a@b"})
    assert config.account == "a@b:993"
    assert config.password == Secret("from a file")


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"X_HOST": "h", "X_USERNAME": "u", "X_PORT": "\u00b2"},
        {"X_HOST": "h", "X_USERNAME": "u", "X_PORT": "x"},
        {"X_URL": "imaps://a@b", "X_PASSWORD_FILE": "/nowhere/at/all"},
    ],
)
def test_environments_that_describe_no_account(env: dict[str, str]) -> None:
    with pytest.raises(IMAPConfigurationError) as caught:
        ConnectionConfig.from_env("X_", environ=env)
    assert all(mistake.startswith("X_") for mistake in caught.value.mistakes)


def test_a_password_that_is_missing_is_told_at_once() -> None:
    """As when the environment does not have it."""
    with pytest.raises(IMAPConfigurationError, match="password: is NoneType"):
        ConnectionConfig(host="h", username="u", password=None)  # type: ignore[arg-type]  # what it is about


def test_secrets_are_not_shown() -> None:
    config = ConnectionConfig(host="h", username="u", password=Secret("hunter2"))
    for shown in (repr(config), str(config), config.account):
        assert "hunter2" not in shown
    assert config.with_password("other").password == Secret("other")


def test_a_ca_file_that_cannot_be_read(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")
    config = ConnectionConfig(host="h", username="u", ca_file=missing)
    with pytest.raises(IMAPConfigurationError, match=r"missing\.pem"):
        config.make_ssl_context()


@pytest.mark.parametrize(
    ("url", "mistake"),
    [
        ("imaps://u@h?security=plain", "imaps is TLS"),
        ("imaps://u@h/INBOX", "names a mailbox"),
    ],
)
def test_a_url_that_says_two_things_is_refused(url: str, mistake: str) -> None:
    """Plain text behind imaps would be a surprise of the worst kind."""
    with pytest.raises(IMAPConfigurationError, match=mistake):
        ConnectionConfig.from_url(url)


def test_a_prepared_account_shares_one_context() -> None:
    config = ConnectionConfig(host="h", username="u")
    prepared = config.prepared()
    assert prepared.make_ssl_context() is prepared.make_ssl_context()
    plain = ConnectionConfig(host="h", username="u", security=Security.PLAIN)
    assert plain.prepared() is plain
