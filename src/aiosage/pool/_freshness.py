"""Making sure that a connection that was idle is as good as a new one."""

from __future__ import annotations

import anyio

from ..connection import IMAPConnection, News
from ..errors import IMAPConnectionLost, IMAPMailboxError
from ..model import ResponseCode
from ..wire import Condition, Status
from ..wire.commands import SelectResult
from ._plan import Request


async def make_ready(
    connection: IMAPConnection,
    request: Request,
    check_timeout: float | None,
    known_uid: int | None,
) -> None:
    """Check, select and bring up to date, as far as there is a need to.

    Args:
        connection: to be lent.
        request: what it is for.
        check_timeout: seconds for a sign of life; None if none is needed.
        known_uid: messages up to this one are all that matters.
    """
    if check_timeout is not None:
        await check_alive(connection, check_timeout)
    if request.mailbox is None:
        return
    before = connection.selected
    selected = await _select(connection, request.mailbox, request.read_only)
    is_old = selected is before and check_timeout is None
    if is_old and not has_known(selected, known_uid):
        await bring_up_to_date(connection, selected)


async def _select(
    connection: IMAPConnection, mailbox: str, read_only: bool
) -> SelectResult:
    try:
        return await connection.select(mailbox, read_only=read_only)
    except IMAPMailboxError as error:
        if error.code != ResponseCode.ALREADYEXISTS:
            raise
    # Dovecot 2.3 makes INBOX when it is opened first, and another session has.
    return await connection.select(mailbox, read_only=read_only)


async def check_alive(connection: IMAPConnection, seconds: float) -> None:
    """Ask the server for a sign of life, and give the connection up without one.

    Raises:
        IMAPConnectionError: it is of no more use.
    """
    with anyio.move_on_after(seconds) as scope:
        await connection.noop()
    if scope.cancelled_caught:
        connection.abort()
        raise IMAPConnectionLost(f"the server gave no sign of life for {seconds:g} s")


async def bring_up_to_date(connection: IMAPConnection, selected: SelectResult) -> None:
    """Hear what is new in the open mailbox; if something is wrong, open it anew.

    Dovecot answers NO, untagged, once the mailbox was removed and made again,
    and goes on showing what was in the old one.
    """
    is_warned = False

    def hear(news: News) -> None:
        nonlocal is_warned
        is_warned |= isinstance(news, Status) and news.condition is Condition.NO

    connection.add_listener(hear)
    try:
        await connection.noop()
    finally:
        connection.remove_listener(hear)
    if is_warned:
        await connection.reselect(selected.mailbox, read_only=selected.read_only)


def has_known(selected: SelectResult, uid: int | None) -> bool:
    """Return whether *uid* was given before the mailbox was *selected*."""
    return uid is not None and selected.uidnext is not None and uid < selected.uidnext
