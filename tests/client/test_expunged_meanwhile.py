"""Copying and moving while somebody else expunges."""

from __future__ import annotations

from typing import Literal

import pytest

from aiosage import CopyResult, Flag, IMAPClient, IMAPMessageError

from ..connection.scripted import SELECTED
from .accounts import OtherClient, messages_in, raws_of, scripted_client, small


@pytest.mark.parametrize("way", ["copy", "move"])
async def test_what_others_have_expunged_does_not_keep_the_rest(
    client: IMAPClient, other: OtherClient, way: Literal["copy", "move"]
) -> None:
    """Our session is not told in time: Dovecot refuses all then (EXPUNGEISSUED)."""
    await messages_in(client, "INBOX", 4)
    inbox = client.mailbox()
    await inbox.add_flags([4], Flag.SEEN)  # opens it, and all four are there
    await inbox.search()
    other.expunge(2)

    result = await getattr(inbox, way)([1, 2, 3], "Archive")

    assert isinstance(result, CopyResult)
    assert list(result.done) == [1, 2, 3]
    assert set(result.uids) == {1, 3}
    archived = await raws_of(client.mailbox("Archive"))
    assert archived == [small(1), small(3)]
    left = [small(4)] if way == "move" else [small(1), small(3), small(4)]
    assert await raws_of(inbox) == left


@pytest.mark.parametrize("way", ["copy", "move"])
async def test_a_server_that_always_says_so_is_believed_in_the_end(
    way: Literal["copy", "move"],
) -> None:
    script = SELECTED
    for number in range(5):
        noop = f"C: T2{number} NOOP\nS: T2{number} OK done\n" if number else ""
        script += f"""{noop}
C: T1{number} UID {way.upper()} 1:3 Archive
S: T1{number} NO [EXPUNGEISSUED] gone
"""
    async with scripted_client(script) as client:
        with pytest.raises(IMAPMessageError, match="gone") as caught:
            await getattr(client.mailbox(), way)([1, 2, 3], "Archive")
    assert isinstance(caught.value.partial, CopyResult)
    assert not caught.value.partial.done
