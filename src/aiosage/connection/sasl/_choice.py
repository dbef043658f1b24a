"""Which way to log in: what the server offers against what we have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from typing import Final

from ._external import Anonymous, External
from ._mechanism import Credentials, Mechanism
from ._oauth import OAuthBearer, XOAuth2
from ._password import CramMd5, Login, Plain
from ._scram import Binding, Scram

SCRAM: Final = (
    "SCRAM-SHA-512-PLUS",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
)
"""The strongest first: to be bound to the channel counts most."""
OAUTH: Final = ("OAUTHBEARER", "XOAUTH2")
LOGIN_COMMAND: Final = "the LOGIN command"
"""Stands for the command, which is no mechanism, among the ways to log in."""

_SIMPLE: Final[Mapping[str, Callable[[Credentials], Mechanism]]] = {
    "PLAIN": Plain,
    "LOGIN": Login,
    "CRAM-MD5": CramMd5,
    "EXTERNAL": External,
    "ANONYMOUS": Anonymous,
    "OAUTHBEARER": OAuthBearer,
    "XOAUTH2": XOAuth2,
}
MECHANISMS: Final = (*SCRAM, *_SIMPLE)
"""Every mechanism there is."""
WITH_AUTHZID: Final = frozenset({"PLAIN", "EXTERNAL", *OAUTH})
"""Those that can say as whom to act."""


def ways(
    offered: Set[str],
    *,
    has_password: bool,
    has_token: bool,
    has_authzid: bool,
    in_tls: bool,
    can_bind: bool,
    can_scram: bool,
) -> Iterator[str]:
    """Yield the ways to log in, the best first.

    Args:
        offered: capabilities of the server.
        has_password: whether a password is set.
        has_token: whether an OAuth 2.0 token is set; then nothing else will do.
        has_authzid: whether to act as somebody else.
        in_tls: whether nobody can read along.
        can_bind: whether the TLS session gives a channel binding.
        can_scram: whether the extra for SCRAM is installed.
    """
    for name in _preferred(has_password=has_password, has_token=has_token, tls=in_tls):
        if name == LOGIN_COMMAND:
            is_offered = "LOGINDISABLED" not in offered
        else:
            is_offered = f"AUTH={name}" in offered
        if not is_offered or (has_authzid and name not in WITH_AUTHZID):
            continue
        if name in SCRAM and not can_scram:
            continue
        if name.endswith("-PLUS") and not can_bind:
            continue
        yield name


def _preferred(*, has_password: bool, has_token: bool, tls: bool) -> tuple[str, ...]:
    if has_token:
        return OAUTH
    certificate = () if has_password or not tls else ("EXTERNAL",)
    # CRAM-MD5 hides the password from who reads along, but makes the server
    # keep it as it is: under TLS it is worth less than PLAIN.
    hidden = () if tls else ("CRAM-MD5",)
    late = ("CRAM-MD5",) if tls else ()
    return (*certificate, *SCRAM, *hidden, "PLAIN", "LOGIN", LOGIN_COMMAND, *late)


def make(
    name: str,
    credentials: Credentials,
    *,
    offered: Set[str],
    binding: Binding | None,
) -> Mechanism:
    """Return a new run of the mechanism *name*.

    Raises:
        ValueError: the user name, password or token cannot be sent by it.
        IMAPConfigurationError: it needs an extra that is not installed.
    """
    if name not in SCRAM:
        return _SIMPLE[name](credentials)
    if not name.endswith("-PLUS") and f"AUTH={name}-PLUS" in offered:
        binding = None  # we know that it was offered, and do without
    return Scram(name, credentials, binding=binding)
