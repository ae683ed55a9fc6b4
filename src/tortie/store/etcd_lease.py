"""A key that lives as long as its holder: etcd's leases, kept alive.

What it is for: saying that somebody is there, without a word from who is not any more. What it is not for: locks.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from tortie.store.errors import StoreError
from tortie.store.etcd_channel import CALL_TIMEOUT_S, MemberFailed
from tortie.store.etcd_client import EtcdClient
from tortie.store.etcd_messages import KEEP_ALIVE, LEASE_GRANT, LEASE_REVOKE, TXN, Message

__all__ = ["hold_key"]

RENEWALS_IN_A_LIFETIME: Final = 3
REVOKE_TIMEOUT_S: Final = 1.0
"""Longest wait, when the holder ends, for etcd to forget the key; later it does so by itself."""


async def hold_key(client: EtcdClient, key: str, value: bytes, ttl_s: int) -> None:
    """Keep a key in place until cancelled (see `base.Holder.hold`)."""
    lease = 0
    try:
        while True:
            lease = (await client.call(LEASE_GRANT, LEASE_GRANT.request(TTL=ttl_s), is_write=True)).ID
            put = {"request_put": {"key": key.encode(), "value": value, "lease": lease}}
            await client.call(TXN, TXN.request(success=[put]), is_write=True)
            while await _renew(client, lease):  # noqa: ASYNC110 - what is waited for is the time to renew again
                await asyncio.sleep(ttl_s / RENEWALS_IN_A_LIFETIME)
    finally:
        if lease:
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(REVOKE_TIMEOUT_S):
                    await client.call(LEASE_REVOKE, LEASE_REVOKE.request(ID=lease), is_write=True)


async def _renew(client: EtcdClient, lease: int) -> bool:
    """Renew a lease at any member that answers; return False when it has run out."""
    for _ in range(client.tries_max):
        with suppress(MemberFailed):
            request = _once(KEEP_ALIVE.request(ID=lease))
            async with client.connection() as connection, connection.stream(KEEP_ALIVE, request) as stream:
                answer = await stream.read(CALL_TIMEOUT_S)
                return bool(answer.TTL > 0)
    raise client.unreachable()


async def _once(request: Message) -> AsyncIterator[Message]:
    yield request
