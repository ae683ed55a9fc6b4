"""What etcd's keys and answers are to us: prefixes, entries, histories, and reading a list page by page.

What it is for: the reads that both the store and its watches need. What it is not for: connections
(`etcd_client.py`).

A history is the cluster's id. etcd makes it of the members' addresses and their token, so a cluster that was wiped
and made anew the same way has the same id: that its revisions begin again is then what gives it away.
"""

from typing import Final, NamedTuple

from tortie.store.base import Entry, Listing
from tortie.store.errors import StoreUnavailable
from tortie.store.etcd_channel import PAGE_KEYS_MAX, OutOfRange
from tortie.store.etcd_client import EtcdClient
from tortie.store.etcd_messages import RANGE, Message

__all__ = ["Standing", "entry_of", "key_text", "list_prefix", "look", "prefix_range", "standing_of"]

LIST_TRIES_MAX: Final = 5
"""Times that a list is begun again because its revision was compacted between two pages."""
_ALL: Final = b"\0"


class Standing(NamedTuple):
    """Where a cluster stands: the revision, and the history in which it counts."""

    history: str
    revision: int


def prefix_range(prefix: str) -> tuple[bytes, bytes]:
    """Return key and range_end that mean every key that starts with `prefix`."""
    key = prefix.encode()
    if not key:
        return _ALL, _ALL
    return key, key[:-1] + bytes((key[-1] + 1,))  # UTF-8 has no octet 0xFF


def key_text(key: bytes) -> str:
    """Return a key as text; octets that are no UTF-8 are shown, not kept: such keys are not ours."""
    return key.decode(errors="backslashreplace")


def entry_of(pair: Message) -> Entry:
    """Return one of etcd's key-values as an entry."""
    return Entry(key_text(pair.key), pair.value, pair.create_revision, pair.mod_revision)


def standing_of(answer: Message) -> Standing:
    """Return where the cluster stood when it answered."""
    return Standing(f"{answer.header.cluster_id:016x}", answer.header.revision)


async def look(client: EtcdClient, prefix: str) -> Standing:
    """Return where the cluster stands now; a majority of the members vouches for it.

    Raises:
        StoreUnavailable: no member answers, or we may not read under `prefix`.
    """
    key, end = prefix_range(prefix)
    return standing_of(await client.call(RANGE, RANGE.request(key=key, range_end=end, limit=1, keys_only=True)))


async def list_prefix(client: EtcdClient, prefix: str) -> Listing:
    """Return all entries under a prefix as they are at one revision, read in pages.

    Raises:
        StoreUnavailable: as `look`; or the cluster is compacted faster than it can be read.
    """
    for _ in range(LIST_TRIES_MAX):
        listing = await _list_once(client, prefix)
        if listing is not None:
            return listing
    raise StoreUnavailable(
        f"{client.name}: what is under {prefix!r} was compacted {LIST_TRIES_MAX} times while it was read: "
        "compact it less often"
    )


async def _list_once(client: EtcdClient, prefix: str) -> Listing | None:
    """Return the list; None when its revision went away between two pages."""
    key, end = prefix_range(prefix)
    page = await client.call(RANGE, RANGE.request(key=key, range_end=end, limit=PAGE_KEYS_MAX))
    standing = standing_of(page)
    entries = [entry_of(pair) for pair in page.kvs]
    while page.more:
        after = page.kvs[-1].key + b"\0"
        request = RANGE.request(key=after, range_end=end, limit=PAGE_KEYS_MAX, revision=standing.revision)
        try:
            page = await client.call(RANGE, request)
        except OutOfRange:
            return None
        if standing_of(page).history != standing.history:
            return None
        entries.extend(entry_of(pair) for pair in page.kvs)
    return Listing(standing.revision, tuple(entries), standing.history)
