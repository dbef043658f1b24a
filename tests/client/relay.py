"""A proxy between a client and its server, which knows the names of commands."""

from __future__ import annotations

from aiosage.testing import FaultProxy, Refuse


class Relay(FaultProxy):
    """A `FaultProxy` that records the commands it passed on."""

    @property
    def commands(self) -> list[str]:
        """The names of all commands, such as ``UID FETCH``, per connection."""
        names: list[str] = []
        for octets in self.sent:
            for line in octets.decode("utf-8", "replace").upper().split("\r\n"):
                words = line.split()[1:3]
                if words:
                    names.append(" ".join(words if words[0] == "UID" else words[:1]))
        return names

    @property
    def is_open(self) -> bool:
        """Whether new connections are taken; else they are reset."""
        return Refuse() not in self.faults

    @is_open.setter
    def is_open(self, is_open: bool) -> None:
        self.faults = () if is_open else (Refuse(),)
