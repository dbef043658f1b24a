"""What programs that use aiosage, and aiosage itself, are tested with.

* :class:`MemoryServer`: an IMAP server in memory, for programs' own tests.
* :class:`DovecotServer`: a real Dovecot 2.3, where one is installed.
* :class:`CyrusServer`: a real Cyrus 3.6, from its unpacked packages.
* :class:`Transcript`: a recorded session, which `ScriptedServer` plays.
* :func:`cancel_at_every_await`: cancels an operation wherever it waits.
* :class:`Certificates`: TLS that is verified, without touching the machine's.
"""

from ._cancel import Cancellation, cancel_at_every_await
from ._certificates import Certificates
from ._cyrus import CyrusServer
from ._cyrus_process import CyrusError, CyrusNotFound
from ._dovecot import DovecotServer
from ._dovecot_process import DovecotError, DovecotNotFound
from ._samples import sample_messages
from ._scripted import Peer, PeerGone, Script, ScriptedServer, TranscriptMismatch
from ._transcript import Transcript, TranscriptLine
from .memory import MemoryAccount, MemoryMailbox, MemoryServer, StoredMessage

__all__ = [
    "Cancellation",
    "Certificates",
    "CyrusError",
    "CyrusNotFound",
    "CyrusServer",
    "DovecotError",
    "DovecotNotFound",
    "DovecotServer",
    "MemoryAccount",
    "MemoryMailbox",
    "MemoryServer",
    "Peer",
    "PeerGone",
    "Script",
    "ScriptedServer",
    "StoredMessage",
    "Transcript",
    "TranscriptLine",
    "TranscriptMismatch",
    "cancel_at_every_await",
    "sample_messages",
]
