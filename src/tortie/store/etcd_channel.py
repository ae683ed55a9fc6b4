"""A connection to one member of an etcd cluster: the one door to gRPC.

What it is for: channels, TLS, deadlines, streams, and what gRPC's and etcd's errors mean. What it is not for: which
member, and what to do when one fails (`etcd_client.py`).

The structures to know: `Connection` and `Stream`. Errors that say something of the member, not of the question, are
`MemberFailed`.
"""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what gRPC has to say comes back as errors; its own log is noise
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")  # programs are started, nothing is forked

import grpc
import grpc.aio

from tortie.store.base import KEY_BYTES_MAX, VALUE_BYTES_MAX
from tortie.store.errors import StoreUnavailable
from tortie.store.etcd_messages import Message, Method
from tortie.store.etcd_settings import EtcdSettings, expiry_text, read_tls
from tortie.store.etcd_words import reason_text, refusal_text

__all__ = [
    "CALL_TIMEOUT_S",
    "CONNECT_TIMEOUT_S",
    "PAGE_KEYS_MAX",
    "Connection",
    "MemberFailed",
    "OutOfRange",
    "Stream",
    "TokenRefused",
    "TooLarge",
    "connect",
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


class TokenRefused(Exception):
    """The authentication token expired, or the users were changed: ask for a new one."""


class TooLarge(Exception):
    """What was asked, or its answer, is above a limit."""


class Stream:
    """The answers of a stream."""

    def __init__(self, call: Any, meaning: Callable[[grpc.aio.AioRpcError], Exception], endpoint: str) -> None:  # noqa: ANN401 - gRPC's
        """Keep gRPC's call, what says what its errors mean, and the member."""
        self._call = call
        self._meaning = meaning
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
            raise self._meaning(error) from error
        if answer is grpc.aio.EOF:
            raise MemberFailed(self._endpoint, "it ended the stream", was_sent=True)
        return answer


class Connection:
    """A channel to one member, and who uses it.

    Attributes:
        endpoint: the member's "host:port".
        token: what authentication gave; None = there is no user.
        user_count: how many have it now.
        is_stale: it failed, and is closed when nobody has it any more.
    """

    def __init__(self, endpoint: str, settings: EtcdSettings) -> None:
        """Make the channel, with the certificates as they are now; `connect` connects it.

        Raises:
            StoreUnavailable: certificates cannot be read.
        """
        self.endpoint = endpoint
        self.token: str | None = None
        self.user_count = 0
        self.is_stale = False
        self._settings = settings
        self._channel = _channel(endpoint, settings)
        self._streams: set[Any] = set()

    @property
    def is_ready(self) -> bool:
        """Whether it is connected, as far as one knows without asking."""
        return self._channel.get_state() is grpc.ChannelConnectivity.READY

    async def ask(self, method: Method, request: Message, *, is_anonymous: bool = False) -> Message:
        """Return the answer to one question.

        Args:
            method: what to call.
            request: its message.
            is_anonymous: send no token: this is how one is got.

        Raises:
            MemberFailed: no answer, or the member cannot give one now.
            TokenRefused, OutOfRange, TooLarge: see there.
            StoreUnavailable: etcd refuses; the message says why and what to do.
        """
        ask = self._channel.unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        try:
            return await ask(request, timeout=CALL_TIMEOUT_S, metadata=() if is_anonymous else self._metadata)
        except grpc.aio.AioRpcError as error:
            raise self._meaning(error) from error

    @asynccontextmanager
    async def stream(self, method: Method, requests: AsyncIterable[Message]) -> AsyncIterator[Stream]:
        """Open a stream of requests and answers for the block's time; it ends when the member loses its leader."""
        open_stream = self._channel.stream_stream(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        call = open_stream(requests, metadata=(*self._metadata, ("hasleader", "true")))
        self._streams.add(call)
        try:
            yield Stream(call, self._stream_meaning, self.endpoint)
        finally:
            self._streams.discard(call)
            call.cancel()

    async def close(self) -> None:
        """End it; whoever waits for an answer is cancelled."""
        for call in tuple(self._streams):
            call.cancel()
        await self._channel.close()

    async def wait_ready(self) -> None:
        """Wait until it is connected.

        Raises:
            MemberFailed: it cannot be, or not in time.
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                state = self._channel.get_state(try_to_connect=True)
                while state is not grpc.ChannelConnectivity.READY:
                    if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
                        raise MemberFailed(self.endpoint, await self._why_not(), was_sent=False)
                    await self._channel.wait_for_state_change(state)
                    state = self._channel.get_state(try_to_connect=True)
        except TimeoutError as error:
            reason = f"no answer within {CONNECT_TIMEOUT_S:g} s"
            raise MemberFailed(self.endpoint, reason, was_sent=False) from error

    async def _why_not(self) -> str:
        """Ask a channel that has failed anything, to hear why."""
        try:
            await self._channel.unary_unary(_ANY_METHOD)(b"", timeout=CONNECT_TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            return self._reason(error.details() or "")
        return "the connection was lost"

    @property
    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return () if self.token is None else (("token", self.token),)

    # ------------------------------------------------------------ what errors mean

    def _meaning(self, error: grpc.aio.AioRpcError) -> Exception:
        """Return what an error of gRPC means to us (to be raised from it)."""
        code, details = error.code(), error.details() or ""
        if any(text in details for text in _STALE_TOKEN):
            return TokenRefused(details)
        if any(text in details for text in _TOO_LARGE):
            return TooLarge(f"etcd refuses it as too large: {details.removeprefix('etcdserver: ')}")
        if code is grpc.StatusCode.OUT_OF_RANGE:
            return OutOfRange(details)
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return MemberFailed(self.endpoint, f"no answer within {CALL_TIMEOUT_S:g} s", was_sent=True)
        if code in _OUTAGE_CODES:
            return MemberFailed(self.endpoint, self._reason(details), was_sent=True)
        return StoreUnavailable(refusal_text(details, self._settings.username))

    def _stream_meaning(self, error: grpc.aio.AioRpcError) -> Exception:
        """Return what an error of a stream means: a new connection has a new token."""
        failure = self._meaning(error)
        if isinstance(failure, TokenRefused):
            return MemberFailed(self.endpoint, "it refuses our token", was_sent=True)
        return failure

    def _reason(self, details: str) -> str:
        """Return why a member failed, in words that stay the same from try to try."""
        text = reason_text(details)
        try:
            expired = expiry_text(read_tls(self._settings), datetime.now(UTC)) if self._settings.is_tls else ""
        except StoreUnavailable:  # the files are gone: the next connection says so
            expired = ""
        return f"{text} ({expired})" if expired else text


async def connect(endpoint: str, settings: EtcdSettings) -> Connection:
    """Return a connection that is ready.

    Raises:
        MemberFailed: the member cannot be connected to.
        StoreUnavailable: certificates cannot be read.
    """
    connection = Connection(endpoint, settings)
    try:
        await connection.wait_ready()
    except BaseException:
        await connection.close()
        raise
    return connection


def _channel(endpoint: str, settings: EtcdSettings) -> grpc.aio.Channel:
    if not settings.is_tls:
        return grpc.aio.insecure_channel(endpoint, options=_CHANNEL_OPTIONS)
    tls = read_tls(settings)
    credentials = grpc.ssl_channel_credentials(tls.ca, tls.key, tls.certificate)
    return grpc.aio.secure_channel(endpoint, credentials, options=_CHANNEL_OPTIONS)
