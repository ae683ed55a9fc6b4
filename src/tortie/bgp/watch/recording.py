"""Recording of one engine: each input as a line of JSON, and a running digest of its outputs.

For: crash reports, and the proof that a replay gives the same bytes. Not for: files (speaker/record_file.py), reading
a recording (replay.py).
Structures to know: `RecordedEngine`, used wherever an Engine is; `Recording`, the lines::

    {"tortie": "0.1.0", "format": 1, "config": {...}, "reports_best_paths": false, ...}
    {"input": "receive_data", "now": 12.5, "connection": 3, "data": "ffff..."}
    {"outputs": [17, "9c1185a5c5e9fc54"], "input": "flush", "now": 12.5, "jitter": [0.81]}
    {"end": "closed", "outputs": [19, "..."]}

`outputs` says how many had been taken when the input came, and their digest; it is left out where it says what it said
before. `jitter` has the numbers that were drawn meanwhile, `raised` the defect that ended the engine.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Final

from tortie.bgp.engine import (
    Engine,
    Observer,
    Output,
    PeerConfig,
    PeerKey,
    RangeConfig,
    SendBytes,
    SpeakerConfig,
)
from tortie.bgp.watch.plain import Plain, to_plain
from tortie.bgp.wire import NO_COMMUNITIES, Communities, Family

__all__ = ["FORMAT", "INPUTS", "OutputDigest", "RecordedEngine", "Recording", "encode_json", "raised_text"]

FORMAT: Final = 1
"""Number of the form of the lines."""

DIGEST_OCTETS: Final = 8

INPUTS: Final = (
    "reconfigure",
    "shutdown",
    "drain",
    "forwarding_preserved",
    "originate",
    "withdraw",
    "next_hop_changed",
    "accept",
    "connected",
    "connect_failed",
    "connection_lost",
    "receive_data",
    "drained",
    "handle_timer",
    "flush",
)
"""The methods of Engine that change it."""


class OutputDigest:
    """What has been put out so far, as a number and a digest of all of it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.count = 0
        self._digest = b""

    def add(self, output: Output) -> None:
        """Take the next output."""
        digest = blake2b(self._digest, digest_size=DIGEST_OCTETS)
        if isinstance(output, SendBytes):
            digest.update(b"SendBytes %d " % output.connection)
            for buffer in output.buffers:
                digest.update(buffer)
        else:
            digest.update(f"{type(output).__name__} {encode_json(to_plain(output))}".encode())
        self._digest = digest.digest()
        self.count += 1

    def plain(self) -> Plain:
        """Return it as it stands in a line."""
        return [self.count, self._digest.hex()]


class Recording:
    """The lines of one engine's life, in order.

    Args:
        write: takes one line, its end included.
        bytes_max: where the recording ends; what comes after could not be replayed without what came before.

    Attributes:
        is_full: it has come to that end.
    """

    def __init__(self, write: Callable[[bytes], None], bytes_max: int | None = None) -> None:
        """Write nothing yet."""
        self._write = write
        self._bytes_left = bytes_max
        self._known: Plain = [0, ""]
        self.is_full = False
        self.digest = OutputDigest()

    def begin(self, **what: object) -> None:
        """Write the first line."""
        self._put({"format": FORMAT, **{name: to_plain(value) for name, value in what.items()}})

    def note(self, line: dict[str, Plain]) -> None:
        """Write an input, together with what had been put out before it."""
        if self.is_full:
            return
        now = self.digest.plain()
        if now != self._known:
            self._known = now
            line = {"outputs": now, **line}
        self._put(line)

    def end(self, why: str) -> None:
        """Write the last line; no input follows."""
        if not self.is_full:
            self.is_full = True
            self._write(_line({"end": why, "outputs": self.digest.plain()}))

    def _put(self, line: dict[str, Plain]) -> None:
        data = _line(line)
        if self._bytes_left is not None:
            self._bytes_left -= len(data)
            if self._bytes_left < 0:
                self.end("limit")
                return
        self._write(data)


class RecordedEngine(Engine):
    """An Engine each of whose inputs is recorded once it is carried out, also where that ends in a defect."""

    def __init__(  # noqa: PLR0913 - Engine's, and the recording
        self,
        recording: Recording,
        config: SpeakerConfig,
        jitter: Callable[[], float],
        *,
        version: str,
        started: str = "",
        reports_best_paths: bool = False,
        is_restarting: bool = False,
        expected: frozenset[PeerKey] | None = None,
        observer: Observer | None = None,
    ) -> None:
        """Begin the recording.

        Args:
            recording: where to.
            config, jitter, reports_best_paths, is_restarting, expected, observer: as Engine.
            version: of the program.
            started: the time of day, for people.
        """
        self._recording = recording
        self._drawn: list[float] = []
        self._draw = jitter
        recording.begin(
            tortie=version,
            started=started,
            config=config,
            reports_best_paths=reports_best_paths,
            is_restarting=is_restarting,
            expected=expected,
        )
        super().__init__(
            config,
            self._drawn_jitter,
            reports_best_paths=reports_best_paths,
            is_restarting=is_restarting,
            expected=expected,
            observer=observer,
        )

    def _drawn_jitter(self) -> float:
        value = self._draw()
        self._drawn.append(value)
        return value

    def next_output(self) -> Output | None:
        """Take the next output; it is part of the digest from now on."""
        output = super().next_output()
        if output is not None:
            self._recording.digest.add(output)
        return output

    # ------------------------------------------------------------------ inputs

    @contextmanager
    def _recorded(self, name: str, **arguments: object) -> Iterator[None]:
        line = {"input": name, **{argument: to_plain(value) for argument, value in arguments.items()}}
        try:
            yield
        except BaseException as error:
            line["raised"] = raised_text(error)
            raise
        finally:
            if self._drawn:
                line["jitter"] = self._drawn
                self._drawn = []
            self._recording.note(line)

    def reconfigure(
        self,
        peers: Sequence[PeerConfig],
        ranges: Sequence[RangeConfig],
        now: float,
        speaker: SpeakerConfig | None = None,
    ) -> None:
        """As Engine.reconfigure."""
        with self._recorded("reconfigure", now=now, peers=peers, ranges=ranges, speaker=speaker):
            super().reconfigure(peers, ranges, now, speaker)

    def shutdown(self, now: float, *, for_restart: bool = False, message: str = "") -> None:
        """As Engine.shutdown."""
        with self._recorded("shutdown", now=now, for_restart=for_restart, message=message):
            super().shutdown(now, for_restart=for_restart, message=message)

    def drain(self, now: float, *, is_draining: bool = True) -> None:
        """As Engine.drain."""
        with self._recorded("drain", now=now, is_draining=is_draining):
            super().drain(now, is_draining=is_draining)

    def forwarding_preserved(self, families: Iterable[Family]) -> None:
        """As Engine.forwarding_preserved."""
        families = tuple(families)
        with self._recorded("forwarding_preserved", families=families):
            super().forwarding_preserved(families)

    def originate(  # noqa: PLR0913 - as Engine's
        self,
        prefix: str,
        now: float,
        *,
        next_hop: str | None = None,
        local_pref: int | None = None,
        med: int | None = None,
        communities: Communities = NO_COMMUNITIES,
        interface: str = "",
    ) -> None:
        """As Engine.originate."""
        how = {
            "next_hop": next_hop,
            "local_pref": local_pref,
            "med": med,
            "communities": communities,
            "interface": interface,
        }
        with self._recorded("originate", now=now, prefix=prefix, **how):
            super().originate(
                prefix,
                now,
                next_hop=next_hop,
                local_pref=local_pref,
                med=med,
                communities=communities,
                interface=interface,
            )

    def withdraw(self, prefix: str, now: float) -> None:
        """As Engine.withdraw."""
        with self._recorded("withdraw", now=now, prefix=prefix):
            super().withdraw(prefix, now)

    def next_hop_changed(self, next_hop: bytes, now: float, *, metric: int | None) -> None:
        """As Engine.next_hop_changed."""
        with self._recorded("next_hop_changed", now=now, next_hop=next_hop, metric=metric):
            super().next_hop_changed(next_hop, now, metric=metric)

    def accept(self, connection: int, remote_address: str, local_address: str, now: float) -> None:
        """As Engine.accept."""
        addresses = {"remote_address": remote_address, "local_address": local_address}
        with self._recorded("accept", now=now, connection=connection, **addresses):
            super().accept(connection, remote_address, local_address, now)

    def connected(self, peer: PeerKey, connection: int, local_address: str, now: float) -> bool:
        """As Engine.connected."""
        with self._recorded("connected", now=now, peer=peer, connection=connection, local_address=local_address):
            return super().connected(peer, connection, local_address, now)

    def connect_failed(self, peer: PeerKey, reason: str, now: float) -> None:
        """As Engine.connect_failed."""
        with self._recorded("connect_failed", now=now, peer=peer, reason=reason):
            super().connect_failed(peer, reason, now)

    def connection_lost(self, connection: int, reason: str, now: float) -> None:
        """As Engine.connection_lost."""
        with self._recorded("connection_lost", now=now, connection=connection, reason=reason):
            super().connection_lost(connection, reason, now)

    def receive_data(self, connection: int, data: bytes, now: float) -> None:
        """As Engine.receive_data."""
        with self._recorded("receive_data", now=now, connection=connection, data=data):
            super().receive_data(connection, data, now)

    def drained(self, connection: int, now: float) -> None:
        """As Engine.drained."""
        with self._recorded("drained", now=now, connection=connection):
            super().drained(connection, now)

    def handle_timer(self, now: float) -> None:
        """As Engine.handle_timer."""
        with self._recorded("handle_timer", now=now):
            super().handle_timer(now)

    def flush(self, now: float) -> None:
        """As Engine.flush."""
        with self._recorded("flush", now=now):
            super().flush(now)


def raised_text(error: BaseException) -> str:
    """Name a defect, the same when it happens again."""
    return f"{type(error).__name__}: {error}"


def encode_json(value: Plain) -> str:
    """Return JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def _line(value: dict[str, Plain]) -> bytes:
    return encode_json(value).encode() + b"\n"
