"""The asyncio shell around one engine: real sockets, the loop's clock.

For: listening, dialling, reading and writing for an `Engine`, and telling its owner what came of it. Not for:
deciding anything; the engine does, and it runs without this shell as well (sim).
RFC sections: 4271 §8 (TCP), 4486 (how a speaker ends), 2385 and 5082 (guard.py).
Structures to know: `Speaker`, `Callbacks`, `Connection`, `Guard`.

Inputs of one pass of the event loop are taken first; then the engine is flushed once and its outputs are carried
out. So a burst of UPDATEs from a thousand peers is packed as one.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Final, NamedTuple

from tortie.bgp.engine import (
    BestPathsChanged,
    CancelConnection,
    CloseConnection,
    EndOfRIBReceived,
    Engine,
    NextHopsWanted,
    OpenConnection,
    Output,
    PeerConfig,
    PeerDown,
    PeerKey,
    PeerUp,
    PrefixLimitNear,
    RangeConfig,
    SendBytes,
    SpeakerConfig,
)
from tortie.speaker.connection import LINGER_S, Connection
from tortie.speaker.dial import dialling_socket, listening_socket
from tortie.speaker.guard import UNPROTECTED, Guard, NotProtected, Protection
from tortie.speaker.protection import Passwords, place_of

__all__ = ["Callbacks", "ConnectionRefused", "Event", "Speaker"]

ACCEPT_BATCH_MAX: Final = 256
"""Connections accepted before the established ones have their turn."""

ACCEPT_PAUSE_S: Final = 1.0
"""How long a listener rests when the system has no descriptor or memory left; it would be ready for ever."""

REFUSED_MAX: Final = 1024
"""Addresses of which is remembered why their last connection was refused."""

_OUT_OF_RESOURCES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

LINGERING_MAX: Final = 1024
"""Connections that we have ended and that still hand out their last bytes; one more, and the oldest is cut off.

Not at the speaker's own end: there it is as many as it had sessions.
"""


@dataclass(frozen=True, slots=True)
class ConnectionRefused:
    """A connection of a configured peer was not taken: it lacks the protection that the peer is to have."""

    remote_address: str
    reason: str


Event = BestPathsChanged | PeerUp | PeerDown | PrefixLimitNear | EndOfRIBReceived | NextHopsWanted | ConnectionRefused
"""What the owner is told."""


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What the owner wants to hear; called inside the event loop, must not block."""

    on_event: Callable[[Event], None] = lambda _event: None


class _Dial(NamedTuple):
    """A connect that is under way."""

    sock: socket.socket
    protection: Protection


class Speaker:
    """One engine on real sockets. Used inside one running event loop.

    Args:
        engine: configured by the owner; after changing it the owner calls `wake`.
        callbacks: see Callbacks.
        lingering_max: see LINGERING_MAX.

    Attributes:
        accept_error_count: connections that could not be accepted.
        received_byte_count, sent_byte_count: octets of all connections; sent are those handed to them.
    """

    def __init__(
        self, engine: Engine, callbacks: Callbacks | None = None, *, lingering_max: int = LINGERING_MAX
    ) -> None:
        """Listen on nothing yet; see the class."""
        self.engine = engine
        self._callbacks = callbacks or Callbacks()
        self._loop = asyncio.get_running_loop()
        self._numbers = count(1)
        self._connections: dict[int, Connection] = {}
        self._lingering: dict[Connection, None] = {}
        self._lingering_max = lingering_max
        self._is_ending = False
        self._dials: dict[PeerKey, _Dial] = {}
        self._refused: dict[str, str] = {}
        self._protection = Guard()
        self._listeners: dict[tuple[str, int], socket.socket] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._is_pumping_soon = False
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._all_closed = asyncio.Event()
        self.accept_error_count = 0
        self.received_byte_count = 0
        self.sent_byte_count = 0

    @property
    def connection_count(self) -> int:
        """Sockets of sessions, and of connections that we have ended and that still hand out their last bytes."""
        return len(self._connections) + len(self._lingering)

    @property
    def unsent_byte_count(self) -> int:
        """Octets handed to connections that the kernel has not taken; many point to buffers that peers share."""
        return sum(each.unsent_byte_count for each in [*self._connections.values(), *self._lingering])

    @property
    def now(self) -> float:
        """The engine's clock: seconds, monotonic."""
        return self._loop.time()

    # ------------------------------------------------------------------ the owner's side

    def reconfigure(
        self,
        peers: Sequence[PeerConfig],
        ranges: Sequence[RangeConfig] = (),
        config: SpeakerConfig | None = None,
        passwords: Passwords = MappingProxyType({}),
    ) -> None:
        """Make these the peers and ranges, see `Engine.reconfigure`, with these passwords.

        Another password than before takes its place on the connection; whether there is one, resets it. A peer that is
        to have one (`SessionOptions.has_password`) and has none here has no session. RFC 2385.
        """
        configured: list[PeerConfig | RangeConfig] = [*peers, *ranges]
        is_ttl_checked = any(each.options.ttl_security_hops for each in configured)
        self._protection.take(passwords, is_ttl_checked=is_ttl_checked)
        for listener in list(self._listeners.values()):
            fresh = self._protection.protect_listener(listener)
            if fresh:
                self._accept(listener, but_not=fresh)
        self.engine.reconfigure(peers, ranges, self.now, config)
        self._protect_dials()
        self._protect_connections()
        self.wake()

    @property
    def password_problems(self) -> dict[str, str]:
        """Addresses and ranges from which nobody is taken since their password could not be set, and why."""
        return dict(self._protection.problems)

    def listen(self, address: str, port: int) -> int:
        """Take connections at an address; return the port (of interest when 0 was asked for).

        Raises:
            ListenFailed: names address, port, reason and remedy.
        """
        sock = listening_socket(address, port, self._protection.protect_listener)
        bound = int(sock.getsockname()[1])
        self._listeners[address, port] = sock
        self._listen_again(sock)
        return bound

    def stop_listening(self, address: str, port: int) -> None:
        """Take no more connections there; established ones stay."""
        sock = self._listeners.pop((address, port))
        self._loop.remove_reader(sock.fileno())
        sock.close()

    def listening(self) -> list[tuple[str, int]]:
        """Return the addresses and ports on which connections are taken."""
        return list(self._listeners)

    def ports(self, number: int) -> tuple[int, int]:
        """Return local and remote TCP port of a connection; 0 where it is gone already."""
        connection = self._connections.get(number)
        return (0, 0) if connection is None else connection.ports

    def wake(self) -> None:
        """Carry out what the owner's changes to the engine lead to, in this pass of the loop."""
        if not self._is_pumping_soon:
            self._is_pumping_soon = True
            self._loop.call_soon(self._guard(self._pump))

    async def run(self) -> None:
        """Return after `close`; a defect in the engine ends it with that exception."""
        await asyncio.shield(self._ended)

    async def close(self, *, for_restart: bool = False, message: str = "") -> None:
        """End every session with Cease / Administrative Shutdown, then every socket; twice is once.

        With `for_restart` the sessions are left to graceful restart; peers that are told Cease are told `message` too,
        see `Engine.shutdown`.
        """
        if self._ended.done():
            return
        self._is_ending = True
        try:
            for address, port in list(self._listeners):
                self.stop_listening(address, port)
            self.engine.shutdown(self.now, for_restart=for_restart, message=message)
            self._pump()
            if self._lingering:
                async with asyncio.timeout(2 * LINGER_S):
                    await self._all_closed.wait()
        finally:
            self._abandon()
            if not self._ended.done():
                self._ended.set_result(None)

    def drain(self, *, is_draining: bool) -> None:
        """Make what this speaker announces a last resort, or take that back; see `Engine.drain`."""
        self.engine.drain(self.now, is_draining=is_draining)
        self.wake()

    # ------------------------------------------------------------------ engine to sockets

    def _pump(self) -> None:
        self._is_pumping_soon = False
        engine = self.engine
        engine.flush(self.now)
        while not self._ended.done() and (output := engine.next_output()) is not None:
            self._carry_out(output)
        if engine.wants_flush:
            self.wake()
        self._set_timer()

    def _carry_out(self, output: Output) -> None:
        match output:
            case SendBytes(number, buffers):
                connection = self._connections.get(number)
                if connection is not None:
                    self.sent_byte_count += sum(map(len, buffers))
                    connection.send(buffers)
            case OpenConnection(peer):
                self._dial(peer)
            case CancelConnection(peer):
                self._cancel_dial(peer)
            case CloseConnection(number):
                self._close_connection(number)
            case _:
                self._callbacks.on_event(output)

    def _close_connection(self, number: int) -> None:
        connection = self._connections.pop(number, None)
        if connection is None:
            return
        if len(self._lingering) >= self._lingering_max and not self._is_ending:
            next(iter(self._lingering)).abort()
        self._lingering[connection] = None
        self._all_closed.clear()
        connection.close(lambda: self._gone(connection))

    def _gone(self, connection: Connection) -> None:
        self._lingering.pop(connection, None)
        if not self._lingering:
            self._all_closed.set()

    def _set_timer(self) -> None:
        deadline = self.engine.next_timer()
        if self._timer is not None:
            if self._timer.when() == deadline:
                return
            self._timer.cancel()
        self._timer = None if deadline is None else self._loop.call_at(deadline, self._guard(self._on_timer))

    def _on_timer(self) -> None:
        self._timer = None
        self.engine.handle_timer(self.now)
        self.wake()

    # ------------------------------------------------------------------ sockets to engine

    def _accept(self, listener: socket.socket, but_not: Collection[str] = ()) -> None:
        """Take who has connected, but nobody from `but_not`: they came before a password was demanded of them."""
        for _ in range(ACCEPT_BATCH_MAX):
            try:
                sock, remote = listener.accept()
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                self.accept_error_count += 1
                if error.errno in _OUT_OF_RESOURCES:
                    self._rest(listener)
                    break
                continue  # the peer was gone before we came: the next may be there
            if place_of(but_not, remote[0]) is None:
                self._take(sock, listener, remote[0])
            else:
                sock.close()
        self.wake()

    def _take(self, sock: socket.socket, listener: socket.socket, remote_address: str) -> None:
        protection = UNPROTECTED
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            local_address = sock.getsockname()[0]
            options = self.engine.inbound_options(remote_address, local_address)
            if options is not None:
                protection = self._protection.admit(sock, listener, remote_address, options)
        except OSError:
            self.accept_error_count += 1
            sock.close()
            return
        except NotProtected as problem:
            sock.close()
            self._say_refused(remote_address, str(problem))
            return
        self._refused.pop(remote_address, None)
        number = self._open(sock, protection)
        self.engine.accept(number, remote_address, local_address, self.now)

    def _say_refused(self, remote_address: str, reason: str) -> None:
        """Tell the owner once for each reason: who is refused may try again as often as it likes."""
        if self._refused.get(remote_address) == reason:
            return
        if len(self._refused) >= REFUSED_MAX:
            self._refused.clear()
        self._refused[remote_address] = reason
        self._callbacks.on_event(ConnectionRefused(remote_address, reason))

    def _rest(self, listener: socket.socket) -> None:
        """Let the listener be until there may be a descriptor again; what connects meanwhile waits in the kernel."""
        self._loop.remove_reader(listener.fileno())
        self._loop.call_later(ACCEPT_PAUSE_S, self._guard(lambda: self._listen_again(listener)))

    def _listen_again(self, listener: socket.socket) -> None:
        if listener.fileno() >= 0:
            self._loop.add_reader(listener.fileno(), self._guard(lambda: self._accept(listener)))

    def _open(self, sock: socket.socket, protection: Protection) -> int:
        number = next(self._numbers)
        self._connections[number] = Connection(number, sock, self._loop, self, protection)
        return number

    def _protect_connections(self) -> None:
        """Bring what is connected up to date; what cannot be is lost, for a connection with the right protection."""
        for key, peer in list(self.engine.peers.items()):
            for number in list(peer.connections):
                connection = self._connections[number]
                try:
                    wanted = self._protection.protection(key.remote_address, peer.options)
                    self._protection.change(connection.sock, key.remote_address, connection.protection, wanted)
                    connection.protection = wanted
                except (NotProtected, OSError) as problem:
                    self._connections.pop(number).abort()
                    self.engine.connection_lost(number, str(problem), self.now)

    def _protect_dials(self) -> None:
        """Give up dials that have not the protection they are to have now; the engine dials again."""
        for key, dial in list(self._dials.items()):
            peer = self.engine.peers.get(key)
            try:
                is_right = peer is None or dial.protection == self._protection.protection(
                    key.remote_address, peer.options
                )
            except NotProtected:
                is_right = False
            if not is_right:
                self._cancel_dial(key)
                self.engine.connect_failed(key, "the password or the distance allowed has changed", self.now)

    def on_data(self, number: int, data: bytes) -> None:
        """Take bytes of a connection."""
        self.received_byte_count += len(data)
        self._guard(lambda: self.engine.receive_data(number, data, self.now))()
        self.wake()

    def on_lost(self, number: int, reason: str) -> None:
        """A connection ended without our asking."""
        if self._connections.pop(number, None) is not None:
            self._guard(lambda: self.engine.connection_lost(number, reason, self.now))()
            self.wake()

    def on_drained(self, number: int) -> None:
        """All that was handed to a connection is written."""
        self._guard(lambda: self.engine.drained(number, self.now))()
        if self.engine.wants_flush:
            self.wake()

    # ------------------------------------------------------------------ dialling

    def _dial(self, peer: PeerKey) -> None:
        self._cancel_dial(peer)
        address, configured = peer.remote_address, self.engine.peers.get(peer)
        if configured is None:
            return  # gone meanwhile
        try:
            protection = self._protection.protection(address, configured.options)
            sock = dialling_socket(
                address,
                peer.remote_port,
                peer.local_address,
                lambda sock: self._protection.prepare_dial(sock, address, protection),
            )
        except (NotProtected, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            self.engine.connect_failed(peer, reason or str(error), self.now)
            self.wake()
            return
        self._dials[peer] = _Dial(sock, protection)
        self._loop.add_writer(sock.fileno(), self._guard(lambda: self._decided(peer, sock)))

    def _decided(self, peer: PeerKey, sock: socket.socket) -> None:
        self._loop.remove_writer(sock.fileno())
        protection = self._dials.pop(peer).protection
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            sock.close()
            self.engine.connect_failed(peer, os.strerror(error), self.now)
        else:
            number = self._open(sock, protection)
            if not self.engine.connected(peer, number, sock.getsockname()[0], self.now):
                self._connections.pop(number).abort()
        self.wake()

    def _cancel_dial(self, peer: PeerKey) -> None:
        dial = self._dials.pop(peer, None)
        if dial is not None:
            self._loop.remove_writer(dial.sock.fileno())
            dial.sock.close()

    # ------------------------------------------------------------------ the end

    def _guard(self, callback: Callable[[], None]) -> Callable[[], None]:
        def guarded() -> None:
            if self._ended.done():
                return
            try:
                callback()
            except Exception as error:  # noqa: BLE001 - the shell's top loop: a defect of ours must end the speaker
                self._fail(error)

        return guarded

    def _fail(self, error: Exception) -> None:
        if not self._ended.done():
            self._abandon()
            self._ended.set_exception(error)

    def _abandon(self) -> None:
        """Close every socket without a word."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in [*self._connections.values(), *self._lingering]:
            connection.abort()
        self._connections.clear()
        for peer in list(self._dials):
            self._cancel_dial(peer)
        for address, port in list(self._listeners):
            self.stop_listening(address, port)
