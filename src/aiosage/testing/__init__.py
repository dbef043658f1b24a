"""What programs that use aiosage, and aiosage itself, are tested with.

* :class:`MemoryServer`: an IMAP server in memory, for programs' own tests.
* :class:`DovecotServer`: a real Dovecot 2.3, where one is installed.
* :class:`CyrusServer`: a real Cyrus 3.6, from its unpacked packages.
* :class:`Transcript`: a recorded session, which `ScriptedServer` plays.
* :class:`FaultProxy`: stands before a server and delays, cuts, stalls, corrupts.
* :func:`cancel_at_every_await`: cancels an operation wherever it waits.
* :class:`Certificates`: TLS that is verified, without touching the machine's.
"""

from ._cancel import Cancellation, cancel_at_every_await
from ._certificates import Certificates
from ._cyrus import CyrusServer
from ._cyrus_process import CyrusError, CyrusNotFound
from ._dovecot import DovecotServer
from ._dovecot_process import DovecotError, DovecotNotFound
from ._fault_proxy import FaultProxy
from ._faults import (
    Corrupt,
    Cut,
    CutHow,
    Delay,
    Direction,
    Fault,
    Rate,
    Refuse,
    Segments,
    Stall,
    Struck,
)
from ._samples import sample_messages
from ._scripted import Peer, PeerGone, Script, ScriptedServer, TranscriptMismatch
from ._transcript import Transcript, TranscriptLine
from .memory import MemoryAccount, MemoryMailbox, MemoryServer, StoredMessage

__all__ = [
    "Cancellation",
    "Certificates",
    "Corrupt",
    "Cut",
    "CutHow",
    "CyrusError",
    "CyrusNotFound",
    "CyrusServer",
    "Delay",
    "Direction",
    "DovecotError",
    "DovecotNotFound",
    "DovecotServer",
    "Fault",
    "FaultProxy",
    "MemoryAccount",
    "MemoryMailbox",
    "MemoryServer",
    "Peer",
    "PeerGone",
    "Rate",
    "Refuse",
    "Script",
    "ScriptedServer",
    "Segments",
    "Stall",
    "StoredMessage",
    "Struck",
    "Transcript",
    "TranscriptLine",
    "TranscriptMismatch",
    "cancel_at_every_await",
    "sample_messages",
]
