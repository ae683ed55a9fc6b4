"""How one speaker is watched: recording, MRT file, BMP collector, as its owner was told.

For: `Watching`, which joins them to an engine; none of them costs anything unless it is asked for. Not for: what they
write (bgp/watch).
Structures to know: `WatchOptions`, `Watching`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from tortie.bgp.engine import Engine, Observer, PeerKey, SpeakerConfig
from tortie.bgp.watch import BMPFeed, MRTFeed, RecordedEngine, Recording
from tortie.speaker.bmp_client import BMPClient
from tortie.speaker.errors import WatchFileUnusable
from tortie.speaker.speaker import Speaker
from tortie.speaker.watch_file import WatchFile

__all__ = ["NOT_WATCHED", "RECORD_BYTES_MAX_DEFAULT", "Collector", "WatchOptions", "Watching", "time_of_day"]

RECORD_BYTES_MAX_DEFAULT: Final = 1024 * 1024 * 1024
MRT_BYTES_MAX_DEFAULT: Final = 256 * 1024 * 1024

Report = Callable[[str, str, str, bool], None]
"""(what has happened, to which object, why, whether that is good), for the log."""


class Collector(NamedTuple):
    """Where a BMP collector listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return HOST:PORT."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """What is to be watched.

    Attributes:
        record: file for every input of the engine; None = none.
        record_bytes_max: where the recording ends.
        mrt: file for what comes in on sessions; None = none.
        mrt_bytes_max: how long it gets before a new one begins.
        bmp: the collector; None = none.
        bmp_has_loc_rib: it is told of the speaker's own choices as well.
    """

    record: Path | None = None
    record_bytes_max: int = RECORD_BYTES_MAX_DEFAULT
    mrt: Path | None = None
    mrt_bytes_max: int = MRT_BYTES_MAX_DEFAULT
    bmp: Collector | None = None
    bmp_has_loc_rib: bool = False


NOT_WATCHED: Final = WatchOptions()


def time_of_day() -> float:
    """Return seconds since 1970: for what collectors are told, never for the engine."""
    return datetime.now(UTC).timestamp()


class Watching:
    """What watches one speaker.

    Args:
        options: see WatchOptions.
        name, version: of the speaker and the program, for collectors and recordings.
        jitter: 0.75 to 1.0, for pauses that are to be spread.
        report: see Report.

    Raises:
        WatchFileUnusable: a file cannot be made.
    """

    def __init__(
        self, options: WatchOptions, *, name: str, version: str, jitter: Callable[[], float], report: Report
    ) -> None:
        """Make the files; nothing is connected to before `run`."""
        self._version = version
        self._jitter = jitter
        self._report = report
        self._files: list[WatchFile] = []
        self._recording: Recording | None = None
        self._mrt: MRTFeed | None = None
        self._feed: BMPFeed | None = None
        self._client: BMPClient | None = None
        self._collector_text = ""
        if options.record is not None:
            file = self._open(options.record, None)
            self._recording = Recording(file.write, options.record_bytes_max)
        if options.mrt is not None:
            self._mrt = MRTFeed(time_of_day, self._open(options.mrt, options.mrt_bytes_max).write)
        if options.bmp is not None:
            self._follow(options.bmp, name, has_loc_rib=options.bmp_has_loc_rib)

    def _follow(self, collector: Collector, name: str, *, has_loc_rib: bool) -> None:
        self._feed = BMPFeed(time_of_day, name, f"tortie {self._version}", has_loc_rib=has_loc_rib)
        self._client = BMPClient(
            self._feed,
            *collector,
            report=lambda text, is_there: self._on_collector(collector, text, is_there=is_there),
            jitter=self._jitter,
        )

    def engine(  # noqa: PLR0913 - Engine's
        self,
        config: SpeakerConfig,
        jitter: Callable[[], float],
        *,
        reports_best_paths: bool = False,
        is_restarting: bool = False,
        expected: frozenset[PeerKey] | None = None,
        propagated: Callable[[float], None] | None = None,
        session_event: Callable[[PeerKey, str], None],
    ) -> Engine:
        """Return an engine that is watched; arguments as Engine's, and those of its Observer."""
        watchers = tuple(each for each in (self._mrt, self._feed) if each is not None)
        observer = Observer(propagated=propagated, session_event=session_event, watchers=watchers)
        if self._recording is None:
            return Engine(
                config,
                jitter,
                reports_best_paths=reports_best_paths,
                is_restarting=is_restarting,
                expected=expected,
                observer=observer,
            )
        return RecordedEngine(
            self._recording,
            config,
            jitter,
            version=self._version,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            reports_best_paths=reports_best_paths,
            is_restarting=is_restarting,
            expected=expected,
            observer=observer,
        )

    def attach(self, speaker: Speaker) -> None:
        """Tell the collector's feed whose connections these are."""
        if self._feed is not None and self._client is not None:
            self._feed.attach(speaker.engine, speaker.ports, self._client.note_news)

    async def run(self) -> None:
        """Keep the collector informed until cancelled."""
        if self._client is not None:
            await self._client.run()
        else:
            await asyncio.get_running_loop().create_future()

    def close(self) -> None:
        """End the files; after the speaker is closed."""
        if self._recording is not None:
            self._recording.end("closed")
        for file in self._files:
            file.close()

    def _open(self, path: Path, bytes_max: int | None) -> WatchFile:
        try:
            file = WatchFile(path, lambda error: self._on_write_error(path, error), bytes_max=bytes_max)
        except OSError as error:
            raise WatchFileUnusable(path, error) from error
        self._files.append(file)
        return file

    def _on_write_error(self, path: Path, error: OSError) -> None:
        self._report("nothing more is written", f"file {path}", error.strerror or str(error), False)

    def _on_collector(self, collector: Collector, text: str, *, is_there: bool) -> None:
        if text != self._collector_text:
            what = "collector connected" if is_there else "collector away"
            self._report(what, f"collector {collector}", text, is_there)
        self._collector_text = text
