"""The log: levels, one event a line in either form, the journal, the limit on what repeats, no secret."""

import asyncio
import io
import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tortie.node.log import FORMATS, LEVELS, LineFormatter, Log, is_journal_stream, set_up_logs
from tortie.node.log_limit import OBJECT_LINES_MAX

LOGGER = logging.getLogger("tortie")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave the process's logger as it was."""
    handlers, level, propagate = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    yield
    LOGGER.handlers[:], LOGGER.propagate = handlers, propagate
    LOGGER.setLevel(level)


class Said:
    """A log and the lines it has written."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, form: str | None = "json", level: str = "debug") -> None:
        self._stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", self._stream)
        self.log = set_up_logs(form, level)

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def events(self) -> list[object]:
        return [line["event"] for line in self.lines]


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("none", []),
        ("critical", ["critical"]),
        ("error", ["error", "critical"]),
        ("warning", ["warning", "error", "critical"]),
        ("info", ["info", "warning", "error", "critical"]),
        ("debug", ["debug", "info", "warning", "error", "critical"]),
        ("Fatal", ["critical"]),
        ("Trace", ["debug", "info", "warning", "error", "critical"]),
        ("of no kind", ["error", "critical"]),
    ],
)
def test_levels_of_the_document_and_of_calico(monkeypatch: pytest.MonkeyPatch, level: str, said: list[str]) -> None:
    log = Said(monkeypatch, level="error")
    log.log.set_level(level)
    for name in ("debug", "info", "warning", "error", "critical"):
        getattr(log.log, name)(name)
    assert log.events == [line["level"] for line in log.lines] == said
    assert {name: count for name, count in log.log.line_counts.items() if count} == dict.fromkeys(said, 1)


def test_every_level_of_config_set_is_known() -> None:
    assert {"none", "debug", "info", "warning", "error", "critical"} <= LEVELS.keys()


def test_a_line_of_json(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch)
    before = datetime.now(UTC).replace(microsecond=0)
    said.log.warning(
        "session down", object="session 192.0.2.1", reason="hold timer expired", paths_kept_s=None, count=2
    )
    (line,) = said.lines
    stamp = line.pop("ts")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(stamp))
    assert before <= datetime.fromisoformat(str(stamp)) <= datetime.now(UTC)
    assert line == {
        "level": "warning", "event": "session down", "object": "session 192.0.2.1", "reason": "hold timer expired",
        "paths_kept_s": None, "count": 2,
    }  # fmt: skip


def test_a_line_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch, form="text")
    said.log.info("session up", object="session 192.0.2.1", count=2, reason="")
    _, _, rest = said.text.partition(" ")
    assert rest == 'info     session up object="session 192.0.2.1" count=2 reason=""\n'


@pytest.mark.parametrize("form", FORMATS)
def test_a_line_stays_one_line_whatever_a_peer_says(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    said = Said(monkeypatch, form=form)
    said.log.warning("session down", reason='line\nlevel=critical "event" \x1b[31mred', level="none")
    (line,) = said.text.splitlines()
    assert "\x1b" not in line
    if form == "json":
        assert (said.lines[0]["event"], said.lines[0]["level"]) == ("session down", "warning")


def test_percent_signs_are_no_format(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch)
    said.log.info("100%s", reason="%d")
    assert (said.lines[0]["event"], said.lines[0]["reason"]) == ("100%s", "%d")


# ---------------------------------------------------------------- form and journal


def test_without_a_terminal_it_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch, form=None)
    said.log.info("x")
    assert said.events == ["x"]


@pytest.mark.parametrize(("is_json", "expected"), [(False, "<4>warning  x a=1"), (True, None)])
def test_the_journal_has_priorities_and_its_own_clock(is_json: bool, expected: str | None) -> None:
    record = logging.makeLogRecord({"levelno": logging.WARNING, "msg": "x", "fields": {"a": 1}})
    line = LineFormatter(is_json=is_json, is_journal=True).format(record)
    assert line == (expected or '<4>{"level": "warning", "event": "x", "a": 1}')


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2)],
)
def test_priorities_are_syslogs(level: int, priority: int) -> None:
    line = LineFormatter(is_json=False, is_journal=True).format(logging.makeLogRecord({"levelno": level, "msg": "x"}))
    assert line.startswith(f"<{priority}>")


def test_the_journal_is_known_by_device_and_inode() -> None:
    with open(os.devnull, "w", encoding="utf-8") as stream:
        found = os.fstat(stream.fileno())
        ours = f"{found.st_dev}:{found.st_ino}"
        assert is_journal_stream(stream, {"JOURNAL_STREAM": ours})
        for other in ({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino + 1}"}, {"JOURNAL_STREAM": ""}, {}):
            assert not is_journal_stream(stream, other), "inherited, and standard error was sent elsewhere since"
    assert not is_journal_stream(io.StringIO(), {"JOURNAL_STREAM": ours})


# ---------------------------------------------------------------- what repeats


def test_what_flaps_is_told_some_times_and_then_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch)
    for _ in range(OBJECT_LINES_MAX + 7):
        said.log.warning("session down", object="session 192.0.2.1")
    said.log.warning("session down", object="session 192.0.2.2")
    assert len(said.lines) == OBJECT_LINES_MAX + 1
    assert said.log.suppressed_count == 7
    said.log.flush()
    assert (
        said.lines[-1].items()
        >= {"event": "log lines suppressed", "suppressed_event": "session down", "count": 7}.items()
    )
    said.log.flush()
    assert len(said.lines) == OBJECT_LINES_MAX + 2, "it is told once"


def test_the_end_of_the_window_tells_although_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tortie.node.log_limit.WINDOW_S", 0.02)
    said = Said(monkeypatch)

    async def flap() -> None:
        async with asyncio.timeout(20):
            for _ in range(OBJECT_LINES_MAX + 1):
                said.log.warning("session down", object="session 192.0.2.1")
            while said.events[-1] != "log lines suppressed":  # noqa: ASYNC110 - nothing but the text says so
                await asyncio.sleep(0.005)

    asyncio.run(flap())
    assert said.lines[-1]["count"] == 1


def test_what_is_below_the_level_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Said(monkeypatch, level="info")
    for _ in range(2 * OBJECT_LINES_MAX):
        said.log.debug("session event", object="session 192.0.2.1")
    said.log.set_level("debug")
    said.log.debug("session event", object="session 192.0.2.1")
    assert (said.events, said.log.suppressed_count) == (["session event"], 0)


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize("form", FORMATS)
def test_no_secret_gets_out(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    said = Said(monkeypatch, form=form)
    said.log.hide('mo"on\nshine')
    said.log.info(
        "x",
        password="hunter2",
        bgp_password="hunter2",
        secretKey="hunter2",
        api_token="hunter2",
        private_key="hunter2",
        url="etcd://root:hunter2@192.0.2.1:2379/?a=b@c",
        reason='refused: mo"on\nshine is wrong, https://u:hunter2@h/ too',
        traceback=ValueError('mo"on\nshine'),
    )
    assert "hunter2" not in said.text
    assert "moon" not in said.text.replace('\\"', "").replace('"', "")
    assert "192.0.2.1:2379" in said.text
    assert Log().line_counts["info"] == 0, "counts are of one log"
