"""Where passwords come from: never from the command line.

In this order: the command given by ``--password-command``, the environment, the
keyring of the system, and a prompt if there is somebody to ask.
"""

from __future__ import annotations

import getpass
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

import anyio.to_thread

from ...connection import ConnectionConfig
from ...errors import IMAPConfigurationError

SERVICE = "aiosage"
"""The name passwords go by in the keyring; the user name there is the account."""


async def account_from_url(
    url: str, *, password_command: str | None, environ: Mapping[str, str] = os.environ
) -> ConnectionConfig:
    """Return the account that *url* names, with its password.

    Raises:
        IMAPConfigurationError: the URL is wrong or holds a password, or there is
            no password to be had.
    """
    if _holds_password(url):
        mistake = (
            "a URL on the command line must not hold a password: everybody on this"
            " machine could read it"
        )
        raise IMAPConfigurationError([mistake])
    config = ConnectionConfig.from_url(url)
    if password_command:
        return config.with_password(await _from_command(password_command, config))
    password = (
        environ.get(f"AIOSAGE_PASSWORD_{_variable(config.username)}")
        or environ.get("AIOSAGE_PASSWORD")
        or await anyio.to_thread.run_sync(_from_keyring, config.account)
    )
    if not password:
        password = _from_prompt(config)
    return config.with_password(password)


def _holds_password(url: str) -> bool:
    try:
        return bool(urlsplit(url).password)
    except ValueError:
        return False  # from_url says what is wrong with it


def _variable(username: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", username.upper())


async def _from_command(command: str, config: ConnectionConfig) -> str:
    """Return the first line *command* prints."""
    fields = {"username": config.username, "host": config.host}
    try:
        words = [word.format_map(fields) for word in shlex.split(command)]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        mistake = (
            f"password command: {error} ({{username}} and {{host}} are filled in,"
            " every other brace is written twice)"
        )
        raise IMAPConfigurationError([mistake]) from None
    if not words:
        raise IMAPConfigurationError(["password command: it is empty"])
    try:
        done = await anyio.run_process(words, stderr=None, check=True)
    except OSError as error:
        raise IMAPConfigurationError(
            [f"password command: {error.strerror}: {words[0]}"]
        ) from None
    except subprocess.CalledProcessError as error:
        raise IMAPConfigurationError(
            [f"password command: exit code {error.returncode}"]
        ) from None
    try:
        password, *_ = done.stdout.decode().splitlines() or [""]
    except UnicodeDecodeError:  # it carries the octets of the password
        raise IMAPConfigurationError(
            ["password command: what it printed is not in UTF-8"]
        ) from None
    if not password:
        raise IMAPConfigurationError(["password command: it printed nothing"])
    return password


def _from_keyring(account: str) -> str | None:
    try:
        import keyring
        import keyring.errors
    except ModuleNotFoundError:
        return None  # extra `keyring`
    try:
        return keyring.get_password(SERVICE, account)
    except keyring.errors.KeyringError:
        return None  # there is none on this machine


def _from_prompt(config: ConnectionConfig) -> str:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        mistake = (
            f"no password for {config.account}: set"
            f" AIOSAGE_PASSWORD_{_variable(config.username)} or AIOSAGE_PASSWORD, use"
            f" --password-command, or store it with: keyring set {SERVICE}"
            f" {config.account}"
        )
        raise IMAPConfigurationError([mistake])
    # On this thread, since nothing else goes on yet, and with Python's own handler:
    # so Ctrl-C ends the question, and getpass turns the echo on again.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return getpass.getpass(f"Password for {config.account}: ", stream=sys.stderr)
    except EOFError:
        raise IMAPConfigurationError(
            [f"no password was given for {config.account}"]
        ) from None
    finally:
        signal.signal(signal.SIGINT, handler)
