"""Every speaker of a story from a seed is recorded, and each recording replays: the same bytes in the same order."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tortie.bgp.engine import Engine, SpeakerConfig
from tortie.bgp.watch import RecordedEngine, Recording, Replay
from tortie.sim import tell

DEFAULT_SEEDS = range(6)
ALL_SEEDS = range(100)
SEEDS = [seed if seed in DEFAULT_SEEDS else pytest.param(seed, marks=pytest.mark.all) for seed in ALL_SEEDS]


@pytest.fixture
def recordings(monkeypatch: pytest.MonkeyPatch) -> list[list[bytes]]:
    """The lines of each engine that a story makes, with timers that are spread."""
    made: list[list[bytes]] = []
    jitter = Random(0)

    def make(config: SpeakerConfig, _steady: Callable[[], float], **options: Any) -> Engine:  # noqa: ANN401 - Engine's
        lines: list[bytes] = []
        made.append(lines)
        recording = Recording(lines.append)
        return RecordedEngine(recording, config, lambda: jitter.uniform(0.75, 1.0), version="test", **options)

    monkeypatch.setattr("tortie.sim.story.Engine", make)
    return made


@pytest.mark.parametrize("seed", SEEDS)
def test_every_speaker_replays(seed: int, recordings: list[list[bytes]]) -> None:
    tell(seed)
    assert recordings
    for lines in recordings:
        replay = Replay(lines)
        replay.run()
        assert (replay.difference, replay.defect, replay.input_count) == ("", None, len(lines) - 1)
