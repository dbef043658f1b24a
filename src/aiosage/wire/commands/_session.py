"""Commands about the session itself (RFC 9051 §6.1, §6.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...model import Secret
from .._encoder import Encoder
from ..responses import (
    CapabilityData,
    EnabledData,
    IdData,
    NamespaceData,
    Status,
    Untagged,
)
from ._command import ANY_STATE, Command, SessionState, SimpleCommand

_NOT_AUTHENTICATED = frozenset({SessionState.NOT_AUTHENTICATED})


@dataclass(frozen=True, slots=True)
class Capability(Command[frozenset[str]]):
    """Ask what the server can do (RFC 9051 §6.1.1)."""

    name: ClassVar = "CAPABILITY"
    states: ClassVar = ANY_STATE
    claims: ClassVar = (CapabilityData,)

    def encode(self, to: Encoder) -> None:
        """Write the command."""
        to.keyword(self.name)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> frozenset[str]:
        """Return the names, in upper case."""
        names = [data.names for data in untagged if isinstance(data, CapabilityData)]
        return names[-1] if names else frozenset()


@dataclass(frozen=True, slots=True)
class Noop(SimpleCommand):
    """Do nothing, but hear what is new (RFC 9051 §6.1.2)."""

    name: ClassVar = "NOOP"
    states: ClassVar = ANY_STATE


@dataclass(frozen=True, slots=True)
class Logout(SimpleCommand):
    """End the session (RFC 9051 §6.1.3)."""

    name: ClassVar = "LOGOUT"
    states: ClassVar = ANY_STATE
    exclusive: ClassVar = True


@dataclass(frozen=True, slots=True)
class StartTls(SimpleCommand):
    """Go on over TLS (RFC 9051 §6.2.1)."""

    name: ClassVar = "STARTTLS"
    states: ClassVar = _NOT_AUTHENTICATED
    requires: ClassVar = "STARTTLS"
    exclusive: ClassVar = True


@dataclass(frozen=True, slots=True)
class Login(Command[None]):
    """Log in with a password as it is (RFC 9051 §6.2.3)."""

    username: str
    password: Secret

    name: ClassVar = "LOGIN"
    states: ClassVar = _NOT_AUTHENTICATED
    exclusive: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write user name and password."""
        to.keyword(self.name).astring(self.username).astring(self.password)

    def result(self, untagged: Sequence[Untagged | Status], status: Status) -> None:
        """There is none."""


@dataclass(frozen=True, slots=True)
class Enable(Command[frozenset[str]]):
    """Turn extensions on (RFC 9051 §6.3.1)."""

    capabilities: tuple[str, ...]

    name: ClassVar = "ENABLE"
    states: ClassVar = frozenset({SessionState.AUTHENTICATED})
    requires: ClassVar = "ENABLE"
    claims: ClassVar = (EnabledData,)
    exclusive: ClassVar = True

    def encode(self, to: Encoder) -> None:
        """Write the names."""
        to.keyword(self.name)
        for capability in self.capabilities:
            to.astring(capability)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> frozenset[str]:
        """Return what is on now, in upper case."""
        names = [data.names for data in untagged if isinstance(data, EnabledData)]
        return frozenset[str]().union(*names)


@dataclass(frozen=True, slots=True)
class Id(Command[Mapping[str, str | None]]):
    """Tell who we are, hear who the server is (RFC 2971 §3.1)."""

    fields: Mapping[str, str]

    name: ClassVar = "ID"
    states: ClassVar = ANY_STATE
    requires: ClassVar = "ID"
    claims: ClassVar = (IdData,)

    def encode(self, to: Encoder) -> None:
        """Write the fields, or NIL for none."""
        to.keyword(self.name)
        if not self.fields:
            to.keyword("NIL")
            return
        to.open()
        for name, value in self.fields.items():
            to.string(name).string(value)
        to.close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> Mapping[str, str | None]:
        """Return the server's fields, names in lower case."""
        found = [data.fields for data in untagged if isinstance(data, IdData)]
        return found[-1] if found else {}


@dataclass(frozen=True, slots=True)
class Namespace(Command[NamespaceData]):
    """Ask where mailboxes live (RFC 2342 §5)."""

    name: ClassVar = "NAMESPACE"
    requires: ClassVar = "NAMESPACE"
    claims: ClassVar = (NamespaceData,)

    def encode(self, to: Encoder) -> None:
        """Write the command."""
        to.keyword(self.name)

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> NamespaceData:
        """Return the namespaces."""
        found = [data for data in untagged if isinstance(data, NamespaceData)]
        return found[-1] if found else NamespaceData()
