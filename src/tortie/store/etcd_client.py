"""Talking to an etcd cluster: one connection at a time to one of its members, and another when that one fails.

What it is for: which member, when the next one, who we are, and what may be tried again. What it is not for: how a
member is talked to (`etcd_channel.py`), what is asked (`etcd.py`), watching (`etcd_watch.py`).

A connection that failed is *stale*: nobody is given it any more, and it is closed when the last one has let go of it.
The next is made anew, with the certificates read anew, so a renewed certificate counts at once.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tortie.store.errors import InvalidRequest, StoreUnavailable
from tortie.store.etcd_channel import Connection, MemberFailed, TokenRefused, TooLarge, connect
from tortie.store.etcd_messages import AUTHENTICATE, Message, Method
from tortie.store.etcd_settings import EtcdSettings

__all__ = ["EtcdClient"]


class EtcdClient:
    """A cluster's client. One event loop; nothing is connected before the first call."""

    def __init__(self, settings: EtcdSettings, first_index: int = 0) -> None:
        """Keep the settings.

        Args:
            settings: where the members are and how they let us in.
            first_index: the member to begin with, so that many clients spread over the members.
        """
        self._settings = settings
        self._index = first_index % len(settings.endpoints)
        self._connection: Connection | None = None
        self._in_use: set[Connection] = set()
        self._connecting = asyncio.Lock()
        self._failures: dict[str, str] = {}
        self._is_closed = False

    @property
    def name(self) -> str:
        """What messages call the cluster."""
        return f"etcd at {','.join(self._settings.endpoints)}"

    @property
    def tries_max(self) -> int:
        """How often something is tried: by the connection that there is, then at each member."""
        return 1 + len(self._settings.endpoints)

    async def call(self, method: Method, request: Message, *, is_write: bool = False) -> Message:
        """Ask one member, or the next ones when it fails, and return the answer.

        Args:
            method: what to call.
            request: its message.
            is_write: it changes something: once it may have arrived it is not sent again.

        Raises:
            StoreUnavailable: no member answers, or etcd refuses; the message says why.
            InvalidRequest: too large a change, or the client was closed.
            OutOfRange: a revision that is not there (any more).
        """
        for _ in range(self.tries_max):
            try:
                async with self.connection() as connection:
                    return await self._ask(connection, method, request)
            except MemberFailed as failure:
                if is_write and failure.was_sent:
                    raise StoreUnavailable(
                        f"{self.name}: {failure}; whether the change was made is unknown: read again before writing"
                    ) from failure
            except TooLarge as error:
                raise (InvalidRequest if is_write else StoreUnavailable)(str(error)) from error
        raise self.unreachable()

    def unreachable(self) -> StoreUnavailable:
        """Return the error that says why no member answers."""
        reasons: dict[str, list[str]] = {}
        for endpoint in self._settings.endpoints:
            if endpoint in self._failures:
                reasons.setdefault(self._failures[endpoint], []).append(endpoint)
        text = "; ".join(f"{', '.join(endpoints)}: {reason}" for reason, endpoints in reasons.items())
        return StoreUnavailable(f"etcd cannot be reached: {text}")

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Give a connection for the block's time; a MemberFailed that leaves the block makes it stale.

        Raises:
            MemberFailed: the member whose turn it is cannot be connected to; the next call tries the next one.
            StoreUnavailable: certificates cannot be read, or etcd refuses our user.
        """
        connection = await self._connected()
        connection.user_count += 1
        self._in_use.add(connection)
        try:
            yield connection
            self._failures.pop(connection.endpoint, None)
        except MemberFailed as failure:
            self._give_up(connection, failure)
            raise
        except asyncio.CancelledError:
            self._raise_if_closed()
            raise
        finally:
            connection.user_count -= 1
            if not connection.user_count:
                self._in_use.discard(connection)
                if connection.is_stale:
                    await connection.close()

    async def close(self) -> None:
        """End everything; whoever still waits for an answer gets InvalidRequest."""
        self._is_closed = True
        connections = {*self._in_use, *([self._connection] if self._connection else [])}
        self._connection = None
        for connection in connections:
            await connection.close()

    async def _ask(self, connection: Connection, method: Method, request: Message) -> Message:
        try:
            return await connection.ask(method, request)
        except TokenRefused:
            await self._authenticate(connection)
        try:
            return await connection.ask(method, request)
        except TokenRefused as error:
            raise StoreUnavailable(f"{self.name}: it refuses the token that it has just given: {error}") from error

    # ------------------------------------------------------------ connections

    async def _connected(self) -> Connection:
        async with self._connecting:
            self._check_open()
            if self._connection is not None and not self._connection.is_ready:
                await self._retire(self._connection)
            if self._connection is None:
                self._connection = await self._connect()
                if self._is_closed:  # meanwhile
                    await self._retire(self._connection)
                    self._check_open()
            assert self._connection is not None, "it was made or was there"
            return self._connection

    async def _connect(self) -> Connection:
        """Connect to the member whose turn it is, and show who we are."""
        try:
            connection = await connect(self._settings.endpoints[self._index], self._settings)
            try:
                await self._authenticate(connection)
            except BaseException:
                await connection.close()
                raise
        except MemberFailed as failure:
            self._note_failure(failure)
            raise
        return connection

    async def _authenticate(self, connection: Connection) -> None:
        """Give a connection a token of our user; none where etcd does not ask for users, or we have none."""
        if not self._settings.username:
            return
        request = AUTHENTICATE.request(name=self._settings.username, password=self._settings.password)
        try:
            connection.token = (await connection.ask(AUTHENTICATE, request, is_anonymous=True)).token
        except StoreUnavailable as error:
            if "authentication is not enabled" not in str(error):
                raise
        except TokenRefused as error:  # users are being changed at this moment
            raise MemberFailed(connection.endpoint, str(error), was_sent=False) from error

    async def _retire(self, connection: Connection) -> None:
        """Drop a connection that was lost while nobody asked anything: what is asked next is not lost with it."""
        self._connection, connection.is_stale = None, True
        if not connection.user_count:
            await connection.close()

    def _give_up(self, connection: Connection, failure: MemberFailed) -> None:
        if connection is self._connection:
            self._connection = None
            self._note_failure(failure)
        connection.is_stale = True

    def _note_failure(self, failure: MemberFailed) -> None:
        self._failures[failure.endpoint] = failure.reason
        self._index = (self._index + 1) % len(self._settings.endpoints)

    def _raise_if_closed(self) -> None:
        """Called where a wait was cancelled: tell a closed client from a task that is to end."""
        task = asyncio.current_task()
        if task is not None and not task.cancelling():
            self._check_open()

    def _check_open(self) -> None:
        if self._is_closed:
            raise InvalidRequest(f"the datastore {self.name} was closed") from None
