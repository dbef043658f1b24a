"""STORE of Gmail's labels (Gmail's IMAP extensions, X-GM-EXT-1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...model import MessageSet
from .._encoder import Encoder
from ..responses import FetchData, Status, Untagged
from ._command import SELECTED, Command
from ._store import StoreMode


@dataclass(frozen=True, slots=True)
class UidStoreLabels(Command[dict[int, frozenset[str]]]):
    r"""Change the labels of messages.

    Attributes:
        messages: which.
        mode: what becomes of the labels they have.
        labels: which; of the system's such as ``\Inbox``, or of the user's.
    """

    messages: MessageSet
    mode: StoreMode
    labels: frozenset[str]

    name: ClassVar = "UID STORE"
    states: ClassVar = SELECTED
    requires: ClassVar = "X-GM-EXT-1"
    claims: ClassVar = (FetchData,)

    def encode(self, to: Encoder) -> None:
        """Write the set, the mode and the labels, which are like mailbox names."""
        to.keyword("UID").keyword("STORE").message_set(self.messages)
        to.keyword(self.mode.value.replace("FLAGS", "X-GM-LABELS")).open()
        for label in sorted(self.labels):
            to.mailbox(label)
        to.close()

    def result(
        self, untagged: Sequence[Untagged | Status], status: Status
    ) -> dict[int, frozenset[str]]:
        """Return the labels messages have now, by UID, as far as was told."""
        return {
            data.uid: frozenset(data.gmail_labels)
            for data in untagged
            if isinstance(data, FetchData)
            and data.uid in self.messages
            and data.uid is not None
            and data.gmail_labels is not None
        }
