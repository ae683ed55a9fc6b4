"""What a speaker says of itself: true numbers, and as many series with ten peers as with three hundred."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from tortie.bgp.engine import Engine, PeerConfig, RangeConfig, SessionOptions, SpeakerConfig
from tortie.node.log import Log
from tortie.node.metrics_speaker import process_samples, speaker_samples
from tortie.node.metrics_table import METRICS, Sample
from tortie.speaker import Speaker

LOCAL_AS = 64512


def options(**changes: object) -> SessionOptions:
    fields: dict[str, object] = {"local_as": LOCAL_AS, "peer_as": LOCAL_AS, "passive": True}
    return SessionOptions(**{**fields, **changes})  # type: ignore[arg-type]  # fields of the dataclass


def peers(count: int) -> list[PeerConfig]:
    """Of all kinds, never dialled."""
    kinds = (options(), options(is_client=True), options(peer_as=64999))
    return [
        PeerConfig(remote_address=f"198.51.{number // 250}.{number % 250}", options=kinds[number % 3])
        for number in range(count)
    ]


def sampled(configure: Callable[[Engine], None]) -> list[Sample]:
    """What a speaker says once its engine is configured."""

    async def run() -> list[Sample]:
        speaker = Speaker(Engine(SpeakerConfig(local_as=LOCAL_AS, router_id=1), lambda: 1.0))
        try:
            configure(speaker.engine)
            return list(speaker_samples(speaker))
        finally:
            await speaker.close()

    return asyncio.run(run())


def values(samples: list[Sample]) -> dict[tuple[str, ...], object]:
    return {(name, *labels): value for name, labels, value in samples}


def test_the_number_of_series_does_not_depend_on_the_number_of_peers() -> None:
    few = values(sampled(lambda engine: engine.reconfigure(peers(10), (), 0.0)))
    many = values(sampled(lambda engine: engine.reconfigure(peers(300), (), 0.0)))
    assert few.keys() == many.keys()
    assert len(few) == len(sampled(lambda _: None)), "no series twice, and all there from the beginning"


def test_sessions_by_state_and_kind() -> None:
    found = values(sampled(lambda engine: engine.reconfigure(peers(10), (), 0.0)))
    counted = {key[1:]: value for key, value in found.items() if key[0] == "tortie_sessions" and value}
    assert counted == {("active", "internal"): 4, ("active", "client"): 3, ("active", "external"): 3}


def test_routes_of_our_own() -> None:
    def configure(engine: Engine) -> None:
        for prefix in ("10.1.0.0/16", "10.2.0.0/16", "2001:db8::/64"):
            engine.originate(prefix, 0.0)

    found = values(sampled(configure))
    counted = {key[1:]: value for key, value in found.items() if key[0] == "tortie_routes" and value}
    assert counted == {
        ("ipv4", "originated"): 2, ("ipv4", "best"): 2, ("ipv6", "originated"): 1, ("ipv6", "best"): 1,
    }  # fmt: skip


def test_refused_connections() -> None:
    def configure(engine: Engine) -> None:
        engine.accept(1, "203.0.113.1", "192.0.2.1", 0.0)

    assert values(sampled(configure))["tortie_refused_connections_total",] == 1


def test_peers_that_made_room() -> None:
    def configure(engine: Engine) -> None:
        speaker = replace(engine.config, half_open_max=1)
        engine.reconfigure((), [RangeConfig(prefix="203.0.113.0/24", options=options())], 0.0, speaker)
        engine.accept(1, "203.0.113.1", "192.0.2.1", 0.0)
        engine.accept(2, "203.0.113.2", "192.0.2.1", 0.0)

    assert values(sampled(configure))["tortie_evicted_connections_total",] == 1


def test_every_sample_has_the_labels_of_the_table() -> None:
    samples = [*sampled(lambda _: None), *process_samples("node", Log(), 0)]
    for name, labels, _ in samples:
        assert len(labels) == len(METRICS[name].labels), name


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
def test_log_lines_by_level(level: str) -> None:
    log = Log()
    log.line_counts[level] = 7
    found = values(list(process_samples("reflector", log, 2)))
    assert found["tortie_log_lines_total", level] == 7
    assert found["tortie_listen_failures",] == 2
