"""Recordings: every input is in them, nothing secret is, and a replay gives the same outputs or says where not."""

import json
import re
from collections.abc import Callable
from dataclasses import fields
from inspect import isfunction
from itertools import count
from typing import Any

import pytest

from support.world import LOCAL_AS, identifier, options, own_prefix, peer
from tortie.bgp.engine import Engine, PeerConfig, RangeConfig, SessionOptions, SpeakerConfig
from tortie.bgp.policy import Action, Edit, PrefixFilter, PrefixMatch, PrefixRule, RouteFilter, RouteRule
from tortie.bgp.session import SessionConfig
from tortie.bgp.watch import INPUTS, RecordedEngine, Recording, RecordingInvalid, Replay
from tortie.bgp.watch.plain import NotPlain, from_plain, to_plain
from tortie.bgp.watch.replay import Hearer
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Communities
from tortie.sim import World

NODES = ("192.0.2.1", "192.0.2.2")
QUESTIONS = {
    "best_paths",
    "deferred_families",
    "inbound_options",
    "next_output",
    "next_timer",
    "originated",
    "peers",
    "wants_flush",
}
INSIDE = {"on_update"}
CONFIG = SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(NODES[0]))
SECRET_WORDS = ("password", "secret", "key_chain", "md5", "credential", "token")


def drifting() -> Callable[[], float]:
    """A jitter that never gives the same twice."""
    numbers = count()
    return lambda: 0.75 + next(numbers) % 250 / 1000


def recorded(
    lines: list[bytes], address: str = NODES[0], bytes_max: int | None = None
) -> tuple[RecordedEngine, Recording]:
    recording = Recording(lines.append, bytes_max)
    config = SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(address))
    engine = RecordedEngine(recording, config, drifting(), version="test", reports_best_paths=True)
    return engine, recording


def story(lines: list[bytes], bytes_max: int | None = None) -> None:
    """Two speakers meet, tell each other of a prefix, part by the clock and in order; the first is recorded."""
    world = World()
    first, recording = recorded(lines, bytes_max=bytes_max)
    second, _ = recorded([], NODES[1])
    for name, engine, other in ((NODES[0], first, NODES[1]), (NODES[1], second, NODES[0])):
        world.add(name, engine, name)
        engine.forwarding_preserved([IPV4_UNICAST])
        engine.reconfigure([peer(name, other)], (), world.now)
        engine.originate(own_prefix(name), world.now)
    world.wait_for(lambda: len(list(first.best_paths(IPV4_UNICAST))) == 2)
    world.run(100)
    world.cut(*NODES)
    world.run(10)
    first.withdraw(own_prefix(NODES[0]), world.now)
    first.shutdown(world.now)
    world.run(1)
    recording.end("closed")


def replayed(
    lines: list[bytes], *, until: int | None = None, on_output: Hearer = lambda _line, _output: None
) -> Replay:
    replay = Replay(lines, until=until, on_output=on_output)
    replay.run()
    return replay


def test_every_method_of_an_engine_is_a_recorded_input_or_a_question() -> None:
    methods = {
        name for name, each in vars(Engine).items()
        if not name.startswith("_") and (isfunction(each) or isinstance(each, property))
    }  # fmt: skip
    assert methods == set(INPUTS) | QUESTIONS | INSIDE
    assert set(INPUTS) <= vars(RecordedEngine).keys()


def test_no_field_of_a_configuration_is_a_secret() -> None:
    kinds = (SpeakerConfig, SessionOptions, SessionConfig, PeerConfig, RangeConfig)
    names = [field.name for kind in kinds for field in fields(kind) if field.type is not bool]
    assert not [name for name in names if any(word in name for word in SECRET_WORDS)]


def test_a_replay_gives_the_same_outputs() -> None:
    lines: list[bytes] = []
    story(lines)
    inputs = [json.loads(line) for line in lines]
    assert any(line.get("jitter") for line in inputs)
    outputs: list[tuple[int, object]] = []
    replay = replayed(lines, on_output=lambda number, output: outputs.append((number, output)))
    assert (replay.difference, replay.end, replay.defect) == ("", "closed", None)
    assert replay.input_count == len(lines) - 2
    assert replay.output_count == len(outputs) == inputs[-1]["outputs"][0] > 10
    assert replay.version == "test"


def test_a_recording_that_breaks_off_is_replayed_as_far_as_it_goes() -> None:
    lines: list[bytes] = []
    story(lines)
    for kept in (1, 2, len(lines) // 2, len(lines) - 1):
        for torn in (b"", lines[kept][:-7] if kept < len(lines) else b""):
            replay = replayed([*lines[:kept], *([torn] if torn else [])])
            assert (replay.difference, replay.end, replay.input_count) == ("", "", kept - 1)


def test_until_stops_after_that_line() -> None:
    lines: list[bytes] = []
    story(lines)
    replay = replayed(lines, until=5)
    assert (replay.line_number, replay.input_count, replay.end) == (5, 4, "")


def changed(lines: list[bytes], find: Callable[[dict[str, Any]], bool], **changes: object) -> tuple[int, list[bytes]]:
    """The lines with the last fitting one changed, and its number."""
    index = max(index for index, line in enumerate(lines) if find(json.loads(line)))
    content = {**json.loads(lines[index]), **changes}
    return index + 1, [*lines[:index], json.dumps(content).encode(), *lines[index + 1 :]]


def test_another_input_is_found_where_its_outputs_first_differ() -> None:
    lines: list[bytes] = []
    story(lines)
    number, tampered = changed(lines, lambda line: line.get("input") == "originate", prefix="10.99.0.0/16")
    replay = replayed(tampered)
    assert replay.difference
    first, last = (int(text) for text in re.findall(r"line (\d+)", replay.difference)[::2])
    pairs = zip(outputs_of(lines), outputs_of(tampered), strict=False)
    culprit = next(line_number for (line_number, mine), (_, theirs) in pairs if mine != theirs)
    assert number < culprit
    assert first <= culprit <= last


def outputs_of(lines: list[bytes]) -> list[tuple[int, str]]:
    outputs: list[tuple[int, str]] = []
    replayed(lines, on_output=lambda number, output: outputs.append((number, repr(to_plain(output)))))
    return outputs


def test_missing_and_surplus_outputs_are_differences() -> None:
    lines: list[bytes] = []
    story(lines)
    end = json.loads(lines[-1])
    surplus = [*lines[:-1], json.dumps({**end, "outputs": [end["outputs"][0] + 1, "00"]}).encode()]
    assert f"recorded: {end['outputs'][0] + 1} outputs (digest 00)" in replayed(surplus).difference
    without = [line for line in lines if json.loads(line).get("input") != "shutdown"]
    assert f"recorded: {end['outputs'][0]} outputs" in replayed(without).difference


def test_the_limit_ends_a_recording_that_replays_all_the_same() -> None:
    whole: list[bytes] = []
    story(whole)
    size = sum(map(len, whole[:10]))
    lines: list[bytes] = []
    story(lines, bytes_max=size)
    assert sum(map(len, lines[:-1])) == size
    assert lines[:10] == whole[:10]
    assert replayed(lines).end == "limit"
    less: list[bytes] = []
    story(less, bytes_max=size - 1)
    assert len(less) == 10


def test_a_defect_is_recorded_and_happens_again() -> None:
    lines: list[bytes] = []
    engine, _ = recorded(lines)
    with pytest.raises(Exception, match="no-prefix") as raised:
        engine.originate("no-prefix", 1.0)
    assert json.loads(lines[-1])["raised"] == f"{type(raised.value).__name__}: {raised.value}"
    replay = replayed(lines)
    assert (type(replay.defect), replay.difference) == (type(raised.value), "")
    _, mended = changed(lines, lambda line: "raised" in line, prefix="10.0.0.0/8")
    assert "replayed: no defect" in replayed(mended).difference
    _, other = changed(lines, lambda line: "raised" in line, raised="ValueError: another")
    assert "recorded: ValueError: another" in replayed(other).difference


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "line 1: not the first line"),
        ([b"{}"], "line 1: not the first line"),
        ([b'{"format": 2}'], "line 1: format 2: this version reads 1"),
        ([b"[]"], "line 1: not the first line"),
        ([None, b"{", b'{"input": "flush", "now": 1}'], "line 2: not JSON"),
        ([None, b'{"input": "_remove"}'], "line 2: .*expected an input"),
        ([None, b"[1]"], "line 2: .*expected an input"),
        ([None, b'{"input": "flush", "now": "1"}'], "line 2: flush: '1': expected float"),
        ([None, b'{"input": "receive_data", "now": 1, "connection": 1, "data": "x"}'], "line 2: receive_data"),
        ([None, b'{"input": "flush", "later": 1}'], "line 2: flush: 'later'"),
        ([None, b'{"input": "flush"}'], "line 2: flush: .*'now'"),
    ],
)
def test_what_is_no_recording_is_named_by_its_line(lines: list[bytes | None], message: str) -> None:
    header: list[bytes] = []
    recorded(header)
    with pytest.raises(RecordingInvalid, match=message):
        replayed([header[0] if line is None else line for line in lines])


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (SpeakerConfig, SpeakerConfig(local_as=1, router_id=2, next_hops=((IPV6_UNICAST, "2001:db8::1"),))),
        (
            SessionOptions,
            options(import_filter=PrefixFilter((PrefixRule("10.0.0.0/8", True, ge=9), PrefixRule("0.0.0.0/0", False)))),
        ),
        (
            SessionOptions,
            options(
                export_filter=RouteFilter(
                    (
                        RouteRule(
                            family=IPV6_UNICAST,
                            action=Action.NEXT,
                            prefix=PrefixMatch("fd00::/8", 9, is_negated=True),
                            large_community=(1, 2, 3),
                            as_path=(4, 5),
                            edit=Edit(Communities((6,), (), ((7, 8, 9),)), prepend=(1,)),
                        ),
                    ),
                    PrefixFilter((PrefixRule("0.0.0.0/0", False),)),
                )
            ),
        ),
        (RangeConfig, RangeConfig(prefix="10.0.0.0/8", options=options(connect_retry_s=2))),
        (PeerConfig, peer(*NODES, families=(IPV6_UNICAST,))),
    ],
)
def test_configurations_survive_json(hint: type, value: object) -> None:
    assert from_plain(hint, json.loads(json.dumps(to_plain(value)))) == value


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(NotPlain, match="object"):
        to_plain(object())
    for hint, plain in (
        (tuple[int, int], [1]),
        (tuple[int, ...], 1),
        (SpeakerConfig, {"local_as": 1}),
        (PeerConfig, 1),
    ):
        with pytest.raises(NotPlain):
            from_plain(hint, plain)
