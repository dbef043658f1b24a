"""One class per command: typed arguments, claims, typed result."""

from ._acl import AclMode, DeleteAcl, GetAcl, ListRights, MyRights, SetAcl
from ._append import Append, MultiAppend, Replace, UidReplace
from ._authenticate import Authenticate, SaslClient, Unauthenticate
from ._command import ANY_STATE, LOGGED_IN, SELECTED, Command, SessionState
from ._compress import Compress
from ._copy import Copy, Move, UidCopy, UidMove
from ._expunge import Check, Close, Expunge, ExpungeResult, UidExpunge
from ._fetch import Fetch, FetchResult, UidFetch, UidScan
from ._gmail_labels import UidStoreLabels
from ._jmap_access import GetJmapAccess
from ._language import Comparator, Language
from ._list import ListedMailbox, ListMailboxes, ListReturn, ListSelect, Lsub, Xlist
from ._mailboxes import (
    Create,
    Delete,
    GetStatus,
    Rename,
    StatusItem,
    Subscribe,
    Unsubscribe,
)
from ._metadata import GetMetadata, MetadataDepth, MetadataResult, SetMetadata
from ._multi_search import MultiSearch, Scope, SearchSource
from ._new_message import Catenated, NewMessage, TextPart, UrlPart
from ._notify import EventGroup, Notify, NotifyEvent, NotifyFilter
from ._quota import GetQuota, GetQuotaRoot, SetQuota
from ._search import CancelUpdate, Search, SearchReturn, UidSearch, UidSearchReturn
from ._search_options import SearchOptions, SearchResult
from ._select import Idle, QResync, Select, SelectResult, Unselect
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
from ._sort import Sort, UidSort
from ._store import Store, StoreMode, StoreResult, UidStore, UidStoreResult
from ._stream import StreamSection
from ._thread import Thread, UidThread
from ._uid_batches import UidBatches
from ._urlauth import GenUrlAuth, ResetKey, UrlFetch, UrlFetchItem

__all__ = [
    "ANY_STATE",
    "LOGGED_IN",
    "SELECTED",
    "AclMode",
    "Append",
    "Authenticate",
    "CancelUpdate",
    "Capability",
    "Catenated",
    "Check",
    "Close",
    "Command",
    "Comparator",
    "Compress",
    "Copy",
    "Create",
    "Delete",
    "DeleteAcl",
    "Enable",
    "EventGroup",
    "Expunge",
    "ExpungeResult",
    "Fetch",
    "FetchResult",
    "GenUrlAuth",
    "GetAcl",
    "GetJmapAccess",
    "GetMetadata",
    "GetQuota",
    "GetQuotaRoot",
    "GetStatus",
    "Id",
    "Idle",
    "Language",
    "ListMailboxes",
    "ListReturn",
    "ListRights",
    "ListSelect",
    "ListedMailbox",
    "Login",
    "Logout",
    "Lsub",
    "MetadataDepth",
    "MetadataResult",
    "Move",
    "MultiAppend",
    "MultiSearch",
    "MyRights",
    "Namespace",
    "NewMessage",
    "Noop",
    "Notify",
    "NotifyEvent",
    "NotifyFilter",
    "QResync",
    "Rename",
    "Replace",
    "ResetKey",
    "SaslClient",
    "Scope",
    "Search",
    "SearchOptions",
    "SearchResult",
    "SearchReturn",
    "SearchSource",
    "Select",
    "SelectResult",
    "SessionState",
    "SetAcl",
    "SetMetadata",
    "SetQuota",
    "Sort",
    "StartTls",
    "StatusItem",
    "Store",
    "StoreMode",
    "StoreResult",
    "StreamSection",
    "Subscribe",
    "TextPart",
    "Thread",
    "UidBatches",
    "UidCopy",
    "UidExpunge",
    "UidFetch",
    "UidMove",
    "UidReplace",
    "UidScan",
    "UidSearch",
    "UidSearchReturn",
    "UidSort",
    "UidStore",
    "UidStoreLabels",
    "UidStoreResult",
    "UidThread",
    "Unauthenticate",
    "Unselect",
    "Unsubscribe",
    "UrlFetch",
    "UrlFetchItem",
    "UrlPart",
    "Xlist",
]
