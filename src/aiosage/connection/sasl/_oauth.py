"""OAuth 2.0 access tokens: OAUTHBEARER and XOAUTH2.

A server that refuses a token says why in a challenge of JSON, and waits for an
answer before it says NO (RFC 7628 §3.2.3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, cast

from ...model import Secret
from ._mechanism import Credentials, Mechanism, octets

_MAX_ERROR: Final = 4096  # octets of JSON that are looked at
_MAX_DETAIL: Final = 500


class _OAuth(Mechanism):
    """What the two share: one message, and a dummy answer to the error."""

    _acknowledgement: bytes

    def __init__(self, name: str, message: bytes) -> None:
        super().__init__(name)
        self._message = message
        self._is_refused = False

    def _initial(self) -> bytes:
        self.has_proved = True
        return self._message

    def _respond(self, challenge: bytes) -> bytes:
        if self._is_refused:
            return super()._respond(challenge)
        self._is_refused = True
        self.details = error_details(challenge)
        return self._acknowledgement


class OAuthBearer(_OAuth):
    """A bearer token (RFC 7628 §3.1)."""

    _acknowledgement = b"\x01"

    def __init__(self, credentials: Credentials) -> None:
        identity = credentials.authzid or credentials.username
        # A saslname: what would end it is written otherwise (RFC 5801 §4).
        name = _field(identity).replace(b"=", b"=3D").replace(b",", b"=2C")
        message = b"n,a=%b,\x01host=%b\x01port=%d\x01auth=Bearer %b\x01\x01" % (
            name,
            _field(credentials.host),
            credentials.port,
            _token(credentials),
        )
        super().__init__("OAUTHBEARER", message)


class XOAuth2(_OAuth):
    """A bearer token as Google and Microsoft take it."""

    _acknowledgement = b""

    def __init__(self, credentials: Credentials) -> None:
        identity = _field(credentials.authzid or credentials.username)
        message = b"user=%b\x01auth=Bearer %b\x01\x01" % (identity, _token(credentials))
        super().__init__("XOAUTH2", message)


def _token(credentials: Credentials) -> bytes:
    return _field(credentials.token) if credentials.token else b""


def _field(value: str | Secret) -> bytes:
    if b"\x01" in (field := octets(value)):
        raise ValueError("^A cannot stand in a user name or token")
    return field


def error_details(challenge: bytes) -> Mapping[str, str]:
    """Return what the JSON of a refusal tells, such as ``status`` and ``scope``."""
    if len(challenge) > _MAX_ERROR:
        return {}
    try:
        told: object = json.loads(challenge)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    members = cast("dict[str, object]", told)  # since it is JSON
    return {
        name[:_MAX_DETAIL]: str(value)[:_MAX_DETAIL]
        for name, value in members.items()
        if isinstance(value, str | int)
    }
