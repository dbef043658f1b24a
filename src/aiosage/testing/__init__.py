"""What programs that use aiosage, and aiosage itself, are tested with.

* :class:`DovecotServer`: a real Dovecot 2.3, where one is installed.
* :class:`Certificates`: TLS that is verified, without touching the machine's.
"""

from ._certificates import Certificates
from ._dovecot import DovecotServer
from ._dovecot_process import DovecotError, DovecotNotFound

__all__ = ["Certificates", "DovecotError", "DovecotNotFound", "DovecotServer"]
