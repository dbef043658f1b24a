"""What a server can say: one frozen value per response, one module per kind.

A module holds the values and how they are read from tokens. A new response is
one new module, a place in `Untagged` and a name in `READERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from .._dialect import Dialect
from .._tokens import Value
from ._acl import (
    AclData,
    ListRightsData,
    MyRightsData,
    parse_acl,
    parse_list_rights,
    parse_my_rights,
)
from ._code_values import (
    AnnotateCode,
    AnnotationsCode,
    AppendUidCode,
    BadCharsetCode,
    BadEventCode,
    BadUrlCode,
    CapabilityCode,
    Code,
    CopyUidCode,
    InProgressCode,
    MailboxIdCode,
    MessageLimitCode,
    MetadataCode,
    ModifiedCode,
    NoUpdateCode,
    NumberCode,
    PermanentFlagsCode,
    ReferralCode,
    UndefinedFilterCode,
    UrlMechCode,
)
from ._fetch import FetchData
from ._jmap_access import JmapAccessData, parse_jmap_access
from ._language import ComparatorData, LanguageData, parse_comparator, parse_language
from ._list import ListData, parse_list, parse_lsub
from ._mailbox import (
    ExistsData,
    ExpungeData,
    FlagsData,
    RecentData,
    VanishedData,
    parse_flags,
    parse_vanished,
)
from ._mailbox_status import StatusData, parse_status_data
from ._metadata import MetadataChangedData, MetadataData, parse_metadata
from ._namespace import NamespaceData, NamespacePrefix, parse_namespace
from ._quota import (
    QuotaData,
    QuotaResource,
    QuotaRootData,
    parse_quota,
    parse_quota_root,
)
from ._search import (
    ContextUpdate,
    ESearchData,
    PartialResult,
    SearchData,
    parse_esearch,
    parse_search,
)
from ._session import (
    CapabilityData,
    EnabledData,
    IdData,
    parse_capability,
    parse_enabled,
    parse_id,
)
from ._sort import SortData, parse_sort
from ._status import Condition, Continuation, Status
from ._thread import ThreadData, parse_thread
from ._uid_batches import UidBatchesData, parse_uid_batches
from ._unknown import Unknown
from ._urlauth import (
    GenUrlAuthData,
    UrlContent,
    UrlFetchData,
    parse_gen_url_auth,
    parse_url_fetch,
)

Untagged: TypeAlias = (
    AclData
    | CapabilityData
    | ComparatorData
    | EnabledData
    | ESearchData
    | ExistsData
    | ExpungeData
    | FetchData
    | FlagsData
    | GenUrlAuthData
    | IdData
    | JmapAccessData
    | LanguageData
    | ListData
    | ListRightsData
    | MetadataChangedData
    | MetadataData
    | MyRightsData
    | NamespaceData
    | QuotaData
    | QuotaRootData
    | RecentData
    | SearchData
    | SortData
    | StatusData
    | ThreadData
    | UidBatchesData
    | Unknown
    | UrlFetchData
    | VanishedData
)
"""Untagged data; an untagged OK, NO, BAD or BYE is a `Status`."""

Response: TypeAlias = Continuation | Status | Untagged

COUNTED: Final[dict[bytes, Callable[[int], Untagged]]] = {
    b"EXISTS": ExistsData,
    b"RECENT": RecentData,
    b"EXPUNGE": ExpungeData,
}
"""By name, what is no more than a number: ``* 3 EXISTS``."""

READERS: Final[dict[bytes, Callable[[list[Value]], Untagged]]] = {
    b"CAPABILITY": parse_capability,
    b"COMPARATOR": parse_comparator,
    b"ENABLED": parse_enabled,
    b"FLAGS": parse_flags,
    b"GENURLAUTH": parse_gen_url_auth,
    b"ID": parse_id,
    b"JMAPACCESS": parse_jmap_access,
    b"LANGUAGE": parse_language,
    b"QUOTA": parse_quota,
    b"SEARCH": parse_search,
    b"SORT": parse_sort,
    b"THREAD": parse_thread,
    b"UIDBATCHES": parse_uid_batches,
    b"URLFETCH": parse_url_fetch,
    b"VANISHED": parse_vanished,
}
"""By name, how the tokens after it are read."""

MAILBOX_READERS: Final[dict[bytes, Callable[[list[Value], Dialect], Untagged]]] = {
    b"ACL": parse_acl,
    b"ESEARCH": parse_esearch,
    b"LIST": parse_list,
    b"LISTRIGHTS": parse_list_rights,
    b"LSUB": parse_lsub,
    b"METADATA": parse_metadata,
    b"MYRIGHTS": parse_my_rights,
    b"NAMESPACE": parse_namespace,
    b"QUOTAROOT": parse_quota_root,
    b"STATUS": parse_status_data,
    b"XLIST": parse_list,
}
"""Those with names of mailboxes, which are written as the session has them."""

__all__ = [
    "COUNTED",
    "MAILBOX_READERS",
    "READERS",
    "AclData",
    "AnnotateCode",
    "AnnotationsCode",
    "AppendUidCode",
    "BadCharsetCode",
    "BadEventCode",
    "BadUrlCode",
    "CapabilityCode",
    "CapabilityData",
    "Code",
    "ComparatorData",
    "Condition",
    "ContextUpdate",
    "Continuation",
    "CopyUidCode",
    "ESearchData",
    "EnabledData",
    "ExistsData",
    "ExpungeData",
    "FetchData",
    "FlagsData",
    "GenUrlAuthData",
    "IdData",
    "InProgressCode",
    "JmapAccessData",
    "LanguageData",
    "ListData",
    "ListRightsData",
    "MailboxIdCode",
    "MessageLimitCode",
    "MetadataChangedData",
    "MetadataCode",
    "MetadataData",
    "ModifiedCode",
    "MyRightsData",
    "NamespaceData",
    "NamespacePrefix",
    "NoUpdateCode",
    "NumberCode",
    "PartialResult",
    "PermanentFlagsCode",
    "QuotaData",
    "QuotaResource",
    "QuotaRootData",
    "RecentData",
    "ReferralCode",
    "Response",
    "SearchData",
    "SortData",
    "Status",
    "StatusData",
    "ThreadData",
    "UidBatchesData",
    "UndefinedFilterCode",
    "Unknown",
    "Untagged",
    "UrlContent",
    "UrlFetchData",
    "UrlMechCode",
    "Value",
    "VanishedData",
]
