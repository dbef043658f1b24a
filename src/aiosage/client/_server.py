"""What is known of the server of an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..connection import IMAPConnection
from ..model import ServerProfile, profile_of


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A server, as it showed itself after logging in.

    Attributes:
        profile: what is done differently with it.
        identity: what it says it is (RFC 2971 §3.3); empty if it says nothing.
        greeting: the text it began with.
        capabilities: what it can do, in upper case.
    """

    profile: ServerProfile
    identity: Mapping[str, str | None] = field(hash=False)
    greeting: str
    capabilities: frozenset[str]


def server_info(connection: IMAPConnection) -> ServerInfo:
    """Return what the session of *connection* shows of the server."""
    return ServerInfo(
        profile_for(connection),
        dict(connection.server_id),
        connection.greeting,
        connection.capabilities,
    )


def profile_for(connection: IMAPConnection) -> ServerProfile:
    """Return the profile of the server of *connection*."""
    return profile_of(
        connection.config.host,
        identity=connection.server_id,
        greeting=connection.greeting,
        capabilities=connection.capabilities,
    )


def trusted(connection: IMAPConnection) -> frozenset[str]:
    """Return what the server announces, in upper case, and does not get wrong."""
    return connection.capabilities - profile_for(connection).distrusted
