"""Talking to an etcd cluster: one connection at a time to one of its members, and another when that one fails.

What it is for: channels, TLS, authentication, deadlines, rotation over the members, and what etcd's errors mean.
The one door to gRPC. What it is not for: what is asked (`etcd.py`), watching (`etcd_watch.py`).

The structures to know: `EtcdClient` and `Connection` (a channel to one member). A connection that failed is *stale*:
nobody is given it any more, and it is closed when the last one has let go of it. The next is made anew, with the
certificates read anew, so a renewed certificate counts at once. Errors that say something of the member, not of the
question, are `MemberFailed`; the caller turns to the next member.
"""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what gRPC has to say comes back as errors; its own log is noise
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")  # programs are started, nothing is forked

import grpc
import grpc.aio

from tortie.store.base import KEY_BYTES_MAX, VALUE_BYTES_MAX
from tortie.store.errors import InvalidRequest, StoreUnavailable
from tortie.store.etcd_messages import AUTHENTICATE, Message, Method
from tortie.store.etcd_settings import EtcdSettings, expiry_text, read_tls
from tortie.store.etcd_words import reason_text, refusal_text

__all__ = [
    "CALL_TIMEOUT_S",
    "CONNECT_TIMEOUT_S",
    "PAGE_KEYS_MAX",
    "Connection",
    "EtcdClient",
    "MemberFailed",
    "OutOfRange",
]

CONNECT_TIMEOUT_S: Final = 2.0
"""Longest wait for one member's connection; then the next member is tried."""
CALL_TIMEOUT_S: Final = 5.0
"""Longest wait for an answer: more than an election takes by default."""
PAGE_KEYS_MAX: Final = 500
"""Keys in one answer to a list."""
MESSAGE_BYTES_MAX: Final = (PAGE_KEYS_MAX + 1) * (VALUE_BYTES_MAX + 2 * KEY_BYTES_MAX)
"""Longest answer: a page of the largest values."""
KEEPALIVE_S: Final = 10.0
"""A silent connection is pinged so often (etcd refuses clients that ping more often than every 5 s)."""
KEEPALIVE_TIMEOUT_S: Final = 3.0

_CHANNEL_OPTIONS: Final = (
    ("grpc.keepalive_time_ms", int(KEEPALIVE_S * 1000)),
    ("grpc.keepalive_timeout_ms", int(KEEPALIVE_TIMEOUT_S * 1000)),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
    ("grpc.use_local_subchannel_pool", 1),  # a new channel is a new connection, with no back-off of an older one
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
    ("grpc.dns_enable_srv_queries", 0),
)
_ANY_METHOD: Final = "/etcdserverpb.Maintenance/Status"

_OUTAGE_CODES: Final = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)
_STALE_TOKEN: Final = ("invalid auth token", "auth revision in header is old", "revision of auth store is old")
_TOO_LARGE: Final = ("request is too large", "too many operations", "message larger than max")


class MemberFailed(Exception):
    """One member did not do its part. `was_sent` tells whether what was asked may have been done."""

    def __init__(self, endpoint: str, reason: str, *, was_sent: bool) -> None:
        """Say which member, and why."""
        super().__init__(f"{endpoint}: {reason}")
        self.endpoint = endpoint
        self.reason = reason
        self.was_sent = was_sent


class OutOfRange(Exception):
    """A revision that was asked for is compacted, or was never there."""


class _TokenRefused(Exception):
    """The authentication token expired, or the users were changed: ask for a new one."""


class _TooLarge(Exception):
    """What was asked, or its answer, is above a limit."""


@dataclass(slots=True)
class Connection:
    """A channel to one member, and who uses it.

    Attributes:
        endpoint: the member's "host:port".
        channel: of gRPC.
        token: what authentication gave; None = there is no user.
        user_count: how many have it now.
        is_stale: it failed, and is closed when nobody has it any more.
    """

    endpoint: str
    channel: grpc.aio.Channel
    token: str | None = None
    user_count: int = 0
    is_stale: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether it is connected, as far as one knows without asking."""
        return self.channel.get_state() is grpc.ChannelConnectivity.READY

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What goes with each question."""
        return () if self.token is None else (("token", self.token),)


class Stream:
    """The answers of a stream."""

    def __init__(self, call: Any, failed: Callable[[grpc.aio.AioRpcError], Exception], endpoint: str) -> None:  # noqa: ANN401 - gRPC's
        """Keep gRPC's call, and what says what its errors mean."""
        self._call = call
        self._failed = failed
        self._endpoint = endpoint

    async def read(self, silence_max_s: float) -> Message:
        """Return the next answer.

        Raises:
            MemberFailed: nothing came for so long, the stream was ended or broke.
        """
        try:
            async with asyncio.timeout(silence_max_s):
                answer = await self._call.read()
        except TimeoutError as error:
            reason = f"no sign of life for {silence_max_s:g} s"
            raise MemberFailed(self._endpoint, reason, was_sent=True) from error
        except grpc.aio.AioRpcError as error:
            raise self._failed(error) from error
        if answer is grpc.aio.EOF:
            raise MemberFailed(self._endpoint, "it ended the stream", was_sent=True)
        return answer


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
        self._connecting = asyncio.Lock()
        self._streams: set[Any] = set()
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
            InvalidRequest: too large, or the client was closed.
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
            except _TooLarge as error:
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
            if connection.is_stale and not connection.user_count:
                await connection.channel.close()

    @asynccontextmanager
    async def stream(
        self, connection: Connection, method: Method, requests: AsyncIterable[Message]
    ) -> AsyncIterator["Stream"]:
        """Open a stream of requests and answers for the block's time.

        Args:
            connection: to use, the caller's own.
            method: what to call.
            requests: what is sent.
        """
        open_stream = connection.channel.stream_stream(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        call = open_stream(requests, metadata=(*connection.metadata, ("hasleader", "true")))
        self._streams.add(call)
        try:
            yield Stream(call, lambda error: self._stream_failed(connection, error), connection.endpoint)
        finally:
            self._streams.discard(call)
            call.cancel()

    async def close(self) -> None:
        """End everything; whoever still waits for an answer gets InvalidRequest."""
        self._is_closed = True
        for call in tuple(self._streams):
            call.cancel()
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.channel.close()

    def _failed(self, connection: Connection, error: grpc.aio.AioRpcError) -> Exception:
        """Return what an error of gRPC means to us (to be raised from it)."""
        code, details = error.code(), error.details() or ""
        if any(text in details for text in _STALE_TOKEN):
            return _TokenRefused(details)
        if any(text in details for text in _TOO_LARGE):
            return _TooLarge(f"etcd refuses it as too large: {details.removeprefix('etcdserver: ')}")
        if code is grpc.StatusCode.OUT_OF_RANGE:
            return OutOfRange(details)
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return MemberFailed(connection.endpoint, f"no answer within {CALL_TIMEOUT_S:g} s", was_sent=True)
        if code in _OUTAGE_CODES:
            return MemberFailed(connection.endpoint, self._reason(details), was_sent=True)
        return StoreUnavailable(refusal_text(details, self._settings.username))

    def _stream_failed(self, connection: Connection, error: grpc.aio.AioRpcError) -> Exception:
        """Return what an error of a stream means: a new connection has a new token."""
        failure = self._failed(connection, error)
        if isinstance(failure, _TokenRefused):
            return MemberFailed(connection.endpoint, "it refuses our token", was_sent=True)
        return failure

    # ------------------------------------------------------------ one question

    async def _ask(self, connection: Connection, method: Method, request: Message) -> Message:
        try:
            return await self._unary(connection, method, request)
        except _TokenRefused:
            connection.token = await self._authenticate(connection)
        try:
            return await self._unary(connection, method, request)
        except _TokenRefused as error:
            raise StoreUnavailable(f"{self.name}: it refuses the token that it has just given: {error}") from error

    async def _unary(self, connection: Connection, method: Method, request: Message) -> Message:
        ask = connection.channel.unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        try:
            return await ask(request, timeout=CALL_TIMEOUT_S, metadata=connection.metadata)
        except grpc.aio.AioRpcError as error:
            raise self._failed(connection, error) from error

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

    async def _retire(self, connection: Connection) -> None:
        """Drop a connection that was lost while nobody asked anything: what is asked next is not lost with it."""
        self._connection, connection.is_stale = None, True
        if not connection.user_count:
            await connection.channel.close()

    async def _connect(self) -> Connection:
        """Connect to the member whose turn it is, and show who we are."""
        endpoint = self._settings.endpoints[self._index]
        connection = Connection(endpoint, self._channel(endpoint))
        try:
            await self._wait_ready(connection)
            if self._settings.username:
                connection.token = await self._authenticate(connection)
        except BaseException as error:
            await connection.channel.close()
            if isinstance(error, MemberFailed):
                self._note_failure(error)
            raise
        return connection

    def _channel(self, endpoint: str) -> grpc.aio.Channel:
        if not self._settings.is_tls:
            return grpc.aio.insecure_channel(endpoint, options=_CHANNEL_OPTIONS)
        tls = read_tls(self._settings)
        credentials = grpc.ssl_channel_credentials(tls.ca, tls.key, tls.certificate)
        return grpc.aio.secure_channel(endpoint, credentials, options=_CHANNEL_OPTIONS)

    async def _wait_ready(self, connection: Connection) -> None:
        channel = connection.channel
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                state = channel.get_state(try_to_connect=True)
                while state is not grpc.ChannelConnectivity.READY:
                    if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
                        reason = await self._why_not(connection)
                        raise MemberFailed(connection.endpoint, reason, was_sent=False)
                    await channel.wait_for_state_change(state)
                    state = channel.get_state(try_to_connect=True)
        except TimeoutError as error:
            reason = f"no answer within {CONNECT_TIMEOUT_S:g} s"
            raise MemberFailed(connection.endpoint, reason, was_sent=False) from error

    async def _why_not(self, connection: Connection) -> str:
        """Ask a channel that has failed anything, to hear why."""
        try:
            await connection.channel.unary_unary(_ANY_METHOD)(b"", timeout=CONNECT_TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            return self._reason(error.details() or "")
        return "the connection was lost"

    async def _authenticate(self, connection: Connection) -> str | None:
        """Return a token for our user; None where etcd does not ask for users."""
        request = AUTHENTICATE.request(name=self._settings.username, password=self._settings.password)
        try:
            answer = await self._unary(Connection(connection.endpoint, connection.channel), AUTHENTICATE, request)
        except StoreUnavailable as error:
            if "authentication is not enabled" in str(error):
                return None
            raise
        except _TokenRefused as error:  # users are being changed at this moment
            raise MemberFailed(connection.endpoint, str(error), was_sent=False) from error
        token: str = answer.token
        return token

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

    def _reason(self, details: str) -> str:
        """Return why a member failed, in words that stay the same from try to try."""
        text = reason_text(details)
        try:
            expired = expiry_text(read_tls(self._settings), datetime.now(UTC)) if self._settings.is_tls else ""
        except StoreUnavailable:  # the files are gone: the next connection says so
            expired = ""
        return f"{text} ({expired})" if expired else text
