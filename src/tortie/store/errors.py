"""Errors of the datastore: what went wrong, with which key, and what its owner can do about it.

    StoreError
    ├── Conflict          a compare of a transaction did not hold; nothing was changed
    ├── NotFound          the named object is not there
    ├── AlreadyExists     the named object is there already
    ├── Compacted         the change log no longer reaches back to the asked revision: list again
    ├── HistoryReplaced   the store does not continue what was seen of it: it was replaced or restored
    ├── ReadOnly          the store is only read; the message says where to make the change instead
    ├── SchemaMismatch    the datastore's form is not one of ours, or between two; the message says what to do
    ├── InvalidRequest    our caller is wrong: key, size or count out of bounds, or the store was closed
    └── StoreUnavailable  the store cannot be used now; the message says why and what to do
        └── StoreMissing  there is none, and the caller may not make one

Not here: errors of the resources kept in the store (`tortie.model.errors`).
"""

__all__ = [
    "AlreadyExists",
    "Compacted",
    "Conflict",
    "HistoryReplaced",
    "InvalidRequest",
    "NotFound",
    "ReadOnly",
    "SchemaMismatch",
    "StoreError",
    "StoreMissing",
    "StoreUnavailable",
]


class StoreError(Exception):
    """Base of everything that a store raises."""


class Conflict(StoreError):
    """A compare did not hold: somebody else wrote the key first. Read again and decide anew.

    Attributes:
        key: the key whose revision was compared.
        expected: `mod_revision` that the caller asked for; 0 = must be absent.
        found: `mod_revision` in the store; 0 = absent.
    """

    def __init__(self, key: str, expected: int, found: int) -> None:
        """Say which key was compared, what was expected and what was found (revisions, 0 = absent)."""
        super().__init__(f"{key}: expected {_revision(expected)}, found {_revision(found)}")
        self.key = key
        self.expected = expected
        self.found = found


class NotFound(StoreError):
    """The named object is not in the store."""


class AlreadyExists(StoreError):
    """The named object is in the store already."""


class Compacted(StoreError):
    """The change log begins after the asked revision; the caller lists again and watches from there.

    Attributes:
        from_revision: revision the caller asked to watch from (exclusive).
        compacted_revision: newest revision whose events are gone.
    """

    def __init__(self, from_revision: int, compacted_revision: int) -> None:
        """Say what was asked for and up to which revision events are gone."""
        super().__init__(
            f"events after revision {from_revision} were asked for, "
            f"but those up to revision {compacted_revision} are compacted: list again"
        )
        self.from_revision = from_revision
        self.compacted_revision = compacted_revision


class HistoryReplaced(StoreError):
    """The store's revisions do not continue those that were seen of it: it was replaced or restored.

    Attributes:
        from_revision: revision the caller has seen.
        revision: revision the store stands at now.
    """

    def __init__(self, from_revision: int, revision: int) -> None:
        """Say which revision was seen and where the store stands."""
        super().__init__(
            "the datastore was replaced, or restored from a backup: "
            f"revision {from_revision} was seen of it, now it stands at revision {revision}"
        )
        self.from_revision = from_revision
        self.revision = revision


class ReadOnly(StoreError):
    """The store cannot be written by anybody; the message names it and says where to make the change instead."""


class SchemaMismatch(StoreError):
    """The datastore is kept in a form that this software must leave alone; the message says what to do."""


class InvalidRequest(StoreError):
    """Our caller is wrong: a key, size or count is out of bounds, or the store was closed."""


class StoreUnavailable(StoreError):
    """The store cannot be used now. The message names the store, the reason, and what to do.

    After a failed write the outcome may be unknown; the message says so where that is the case.
    """


def _revision(revision: int) -> str:
    return f"revision {revision}" if revision else "no such key"


class StoreMissing(StoreUnavailable):
    """There is no datastore at this place yet, and the caller may not make one."""
