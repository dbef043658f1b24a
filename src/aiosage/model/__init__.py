"""The nouns of mail, immutable and free of I/O."""

from ._flags import Flag
from ._message_set import MAX_UID, MessageSet
from ._secret import Secret

__all__ = ["MAX_UID", "Flag", "MessageSet", "Secret"]
