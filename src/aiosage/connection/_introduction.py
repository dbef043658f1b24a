"""What is said right after logging in: ENABLE and ID, in one round trip."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from ..wire import Condition
from ..wire.commands import Command, Enable, Id
from ._config import ConnectionConfig
from ._protocol import IMAPProtocol

log = logging.getLogger("aiosage.connection")


def to_enable(wanted: Iterable[str], offered: AbstractSet[str]) -> tuple[str, ...]:
    """Return what to enable: what is wanted and offered, or cannot be done without.

    A server with UTF8=ONLY refuses what may need UTF-8 until UTF8=ACCEPT is
    enabled (RFC 6855 §6).
    """
    if "ENABLE" not in offered:
        return ()
    names = [name for name in wanted if name in offered]
    if "UTF8=ONLY" in offered:
        names.append("UTF8=ACCEPT")
    return tuple(dict.fromkeys(names))


async def introduce(config: ConnectionConfig, protocol: IMAPProtocol) -> None:
    """Enable and tell what the configuration says, as far as the server offers it.

    A server may refuse either: the session is good all the same, and what is
    enabled is known from its answer.
    """
    commands: list[Command[object]] = []
    if names := to_enable(config.enable, protocol.offered):
        commands.append(Enable(names))
    if config.client_id is not None and "ID" in protocol.offered:
        commands.append(Id(config.client_id))
    for pending in [protocol.start(command) for command in commands]:
        status = await protocol.finish(pending)
        if status.condition is not Condition.OK:
            log.info("%s refused %s", config.address, pending.command.name)
