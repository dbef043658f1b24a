"""One class per command: typed arguments, claims, typed result."""

from ._append import Append
from ._authenticate import Authenticate, SaslClient, Unauthenticate
from ._command import ANY_STATE, LOGGED_IN, SELECTED, Command, SessionState
from ._compress import Compress
from ._mailboxes import (
    Create,
    Delete,
    ListMailboxes,
    MailboxStatus,
    Rename,
    Subscribe,
    Unsubscribe,
)
from ._messages import (
    StoreMode,
    UidCopy,
    UidExpunge,
    UidFetch,
    UidMove,
    UidScan,
    UidStore,
)
from ._search import UidSearch
from ._select import Idle, Select, SelectResult, Unselect
from ._session import (
    Capability,
    Enable,
    Id,
    Login,
    Logout,
    Namespace,
    Noop,
    StartTls,
)

__all__ = [
    "ANY_STATE",
    "LOGGED_IN",
    "SELECTED",
    "Append",
    "Authenticate",
    "Capability",
    "Command",
    "Compress",
    "Create",
    "Delete",
    "Enable",
    "Id",
    "Idle",
    "ListMailboxes",
    "Login",
    "Logout",
    "MailboxStatus",
    "Namespace",
    "Noop",
    "Rename",
    "SaslClient",
    "Select",
    "SelectResult",
    "SessionState",
    "StartTls",
    "StoreMode",
    "Subscribe",
    "UidCopy",
    "UidExpunge",
    "UidFetch",
    "UidMove",
    "UidScan",
    "UidSearch",
    "UidStore",
    "Unauthenticate",
    "Unselect",
    "Unsubscribe",
]
