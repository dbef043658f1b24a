"""Where a consumer of events stands, to go on from there another time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ..model import Flag, Flags, MessageSet
from ._uids import MAX_MESSAGES

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class MailboxCursor:
    """What a consumer knows of one mailbox.

    Attributes:
        uidvalidity: of its UIDs; None from a server without persistent UIDs.
        modseq: nothing the server counts up to here is unknown (RFC 7162 §3.1.2);
            None if it does not count.
        messages: the messages by the flags that they have.
    """

    uidvalidity: int | None
    modseq: int | None
    messages: Mapping[Flags, MessageSet] = field(hash=False)

    @classmethod
    def of(
        cls, uidvalidity: int | None, modseq: int | None, flags: Mapping[int, Flags]
    ) -> MailboxCursor:
        """Return the cursor of somebody who knows *flags*, by UID."""
        uids: dict[Flags, list[int]] = {}
        for uid, found in flags.items():
            uids.setdefault(found, []).append(uid)
        return cls(
            uidvalidity,
            modseq,
            {found: MessageSet(uids[found]) for found in sorted(uids, key=sorted)},
        )

    def flags(self) -> dict[int, Flags]:
        """Return the flags of each message, by UID."""
        return {uid: flags for flags, uids in self.messages.items() for uid in uids}


@dataclass(frozen=True, slots=True)
class WatchCursor:
    """What a consumer of events has taken, as text and back: ``str`` and `parse`.

    It grows with the ranges of messages that have the same flags, not with the
    messages: some thousand octets for a mailbox that is mostly read.

    Attributes:
        mailboxes: what is known of each, by name.
    """

    mailboxes: Mapping[str, MailboxCursor] = field(
        default_factory=dict[str, MailboxCursor], hash=False
    )

    def __str__(self) -> str:
        return json.dumps(
            {
                "version": _VERSION,
                "mailboxes": {
                    name: {
                        "uidvalidity": one.uidvalidity,
                        "modseq": one.modseq,
                        "messages": {
                            " ".join(sorted(flags)): str(uids)
                            for flags, uids in one.messages.items()
                        },
                    }
                    for name, one in self.mailboxes.items()
                },
            }
        )

    @classmethod
    def parse(cls, text: str) -> WatchCursor:
        """Return the cursor that is written as *text*.

        Raises:
            ValueError: it is not one.
        """
        try:
            found = json.loads(text)
            if found["version"] != _VERSION:
                raise ValueError(f"version {found['version']!r} is not known")
            mailboxes = {
                str(name): MailboxCursor(
                    _number(one["uidvalidity"]),
                    _number(one["modseq"]),
                    {
                        frozenset(map(Flag, flags.split())): MessageSet.parse(uids)
                        for flags, uids in one["messages"].items()
                    },
                )
                for name, one in found["mailboxes"].items()
            }
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"not a cursor of a watch: {error}") from error
        except RecursionError:
            raise ValueError("not a cursor of a watch: it is nested") from None
        for name, one in mailboxes.items():
            if sum(map(len, one.messages.values())) > MAX_MESSAGES:
                raise ValueError(f"not a cursor of a watch: too much is in {name!r}")
        return cls(mailboxes)


def _number(value: object) -> int | None:
    if value is None or (isinstance(value, int) and 0 <= value < 2**63):
        return value
    raise ValueError(f"{value!r} is not a number")
