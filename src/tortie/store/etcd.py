"""The etcd driver: etcd v3 over gRPC, several members, mutual TLS.

What it is for: `base.Store` on top of a real etcd, the datastore for more than one host. What it is not for:
connections (`etcd_channel.py`), outages (`etcd_client.py`), settings (`etcd_settings.py`), watches (`etcd_watch.py`).

Revisions are etcd's own, so what `etcdctl` and calicoctl show are the same numbers. The change log's length is
what the cluster compacts to (`--auto-compaction-retention`).
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from tortie.store.base import (
    Compare,
    Entry,
    Events,
    Listing,
    Operation,
    Put,
    check_key,
    check_prefix,
    check_transaction,
)
from tortie.store.errors import Conflict
from tortie.store.etcd_client import EtcdClient
from tortie.store.etcd_lease import hold_key
from tortie.store.etcd_messages import RANGE, TXN, Message
from tortie.store.etcd_range import entry_of, list_prefix, standing_of
from tortie.store.etcd_settings import EtcdSettings
from tortie.store.etcd_watch import watch_prefix

__all__ = ["EtcdStore"]

_EQUAL: Final = 0
_MOD_REVISION: Final = 2


class EtcdStore:
    """A store in an etcd cluster (see `base.Store`). Nothing is connected before the first call."""

    def __init__(self, settings: EtcdSettings, first_index: int = 0) -> None:
        """Keep the settings; `first_index` is the endpoint to begin with."""
        self._client = EtcdClient(settings, first_index)

    async def get(self, key: str) -> Entry | None:
        """Return the entry of a key, or None."""
        check_key(key)
        answer = await self._client.call(RANGE, RANGE.request(key=key.encode()))
        return entry_of(answer.kvs[0]) if answer.kvs else None

    async def list(self, prefix: str) -> Listing:
        """Return all entries under `prefix`, at one revision."""
        check_prefix(prefix)
        return await list_prefix(self._client, prefix)

    async def transact(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Apply all operations if all compares hold (see `base.Store.transact`)."""
        check_transaction(compares, operations)
        request = TXN.request(
            compare=[_comparison(compare) for compare in compares],
            success=[_operation(operation) for operation in operations],
            failure=[_look_up(compare) for compare in compares],
        )
        answer = await self._client.call(TXN, request, is_write=bool(operations))
        if not answer.succeeded:
            raise _conflict(compares, answer)
        return standing_of(answer).revision

    async def watch(self, prefix: str, from_revision: int, history: str | None = None) -> AsyncGenerator[Events, None]:
        """Yield events under `prefix` after `from_revision` (see `base.Store.watch`)."""
        check_prefix(prefix)
        async with aclosing(watch_prefix(self._client, prefix, from_revision, history)) as batches:
            async for batch in batches:
                yield batch

    async def hold(self, key: str, value: bytes, ttl_s: int) -> None:
        """Keep a key in place until cancelled (see `base.Holder.hold`)."""
        check_transaction((), [Put(key, value)])
        await hold_key(self._client, key, value, ttl_s)

    async def close(self) -> None:
        """Close the connections; running calls and watches raise InvalidRequest."""
        await self._client.close()


def _comparison(compare: Compare) -> Message:
    return {
        "result": _EQUAL,
        "target": _MOD_REVISION,
        "key": compare.key.encode(),
        "mod_revision": compare.mod_revision,
    }


def _operation(operation: Operation) -> Message:
    if isinstance(operation, Put):
        return {"request_put": {"key": operation.key.encode(), "value": operation.value}}
    return {"request_delete_range": {"key": operation.key.encode()}}


def _look_up(compare: Compare) -> Message:
    """Ask what stands there instead, for when the compare does not hold."""
    return {"request_range": {"key": compare.key.encode(), "keys_only": True}}


def _conflict(compares: Sequence[Compare], answer: Message) -> Conflict:
    for compare, response in zip(compares, answer.responses, strict=True):
        pairs = response.response_range.kvs
        found = pairs[0].mod_revision if pairs else 0
        if found != compare.mod_revision:
            return Conflict(compare.key, compare.mod_revision, found)
    raise AssertionError("etcd says that a compare did not hold, and all do")
