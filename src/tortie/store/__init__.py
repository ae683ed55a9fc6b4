"""The datastore: revisioned keys behind one interface, its drivers, and resources on top of it.

What it is for: `open_store` gives a `Store` (etcd's semantics, whatever the driver), `Follower` follows a
prefix of it through outages, `ResourceStore` reads and writes resources. What it is not for: what resources
mean (`model`, `fabric`), or handing out addresses (`ipam`).
"""

from tortie.store.base import (
    CHANGE_LOG_EVENTS_MAX,
    KEY_BYTES_MAX,
    OPERATIONS_COUNT_MAX,
    VALUE_BYTES_MAX,
    WATCH_BATCH_EVENTS_MAX,
    Compare,
    Delete,
    Entry,
    Event,
    Holder,
    Listing,
    Operation,
    Put,
    Store,
)
from tortie.store.errors import (
    AlreadyExists,
    Compacted,
    Conflict,
    HistoryReplaced,
    InvalidRequest,
    NotFound,
    ReadOnly,
    SchemaMismatch,
    StoreError,
    StoreMissing,
    StoreUnavailable,
)
from tortie.store.follow import Follower, FollowTimers, Known, StoreStatus, StoreUpdate, follow
from tortie.store.open import open_store
from tortie.store.resources import (
    ROOT_PREFIX,
    BadRecord,
    Decoded,
    ResourceStore,
    Snapshot,
    decode_entries,
    decode_entry,
)

__all__ = [
    "CHANGE_LOG_EVENTS_MAX",
    "KEY_BYTES_MAX",
    "OPERATIONS_COUNT_MAX",
    "ROOT_PREFIX",
    "VALUE_BYTES_MAX",
    "WATCH_BATCH_EVENTS_MAX",
    "AlreadyExists",
    "BadRecord",
    "Compacted",
    "Compare",
    "Conflict",
    "Decoded",
    "Delete",
    "Entry",
    "Event",
    "FollowTimers",
    "Follower",
    "HistoryReplaced",
    "Holder",
    "InvalidRequest",
    "Known",
    "Listing",
    "NotFound",
    "Operation",
    "Put",
    "ReadOnly",
    "ResourceStore",
    "SchemaMismatch",
    "Snapshot",
    "Store",
    "StoreError",
    "StoreMissing",
    "StoreStatus",
    "StoreUnavailable",
    "StoreUpdate",
    "decode_entries",
    "decode_entry",
    "follow",
    "open_store",
]
