"""How a walk looks."""

import io
from dataclasses import replace

from tortie.cli.walk_view import WalkView, wants_colour
from tortie.lab.walk import Event, StepFinished, StepProgress, StepStarted, WalkFinished, WalkRecord

STARTED = StepStarted(index=2, count=9, title="Mesh off", host="kube-master", command="cat << EOF\nx\nEOF")
PROGRESS = [StepProgress(index=2, text="sessions", done=done, total=2) for done in (0, 1, 2)]


def finished(*, ok: bool) -> StepFinished:
    """Return a step that went as it should, or not."""
    return StepFinished(
        index=2, title="Mesh off", host="kube-master", command="x", output="line 1\nline 2", seconds=1.26, ok=ok,
        expected="two sessions", seen="2 sessions" if ok else "1 session", data={},
    )  # fmt: skip


def shown(*events: Event, is_terminal: bool = False) -> str:
    """Return what is printed for events."""
    stream = io.StringIO()
    view = WalkView(stream, is_terminal=is_terminal)
    for event in events:
        view(event)
    return stream.getvalue()


def test_step_in_a_log() -> None:
    assert shown(STARTED, *PROGRESS, finished(ok=True)) == (
        "\n[2/9] Mesh off\n"
        "    kube-master$ cat << EOF\n"
        "    x\n"
        "    EOF\n"
        "    ... sessions 0/2\n"
        "    line 1\n"
        "    line 2\n"
        "    ok: two sessions: 2 sessions (1.3 s)\n"
    )


def test_every_line_outside_of_here_documents_has_a_prompt() -> None:
    started = StepStarted(index=1, count=1, title="Two", host="", command="cat << EOF\nx\nEOF\nls")
    assert shown(started) == "\n[1/1] Two\n    $ cat << EOF\n    x\n    EOF\n    $ ls\n"


def test_what_was_seen_is_not_said_twice() -> None:
    assert shown(replace(finished(ok=True), seen="line 1")).endswith("    ok: two sessions (1.3 s)\n")
    assert shown(replace(finished(ok=True), seen="two sessions")).endswith("    ok: two sessions (1.3 s)\n")


def test_miss_says_what_was_expected_and_what_was_seen() -> None:
    assert shown(finished(ok=False)).endswith(
        "    MISSED after 1.3 s\n"
        "      expected: two sessions\n"
        "      seen:     1 session\n"
    )  # fmt: skip


def test_terminal_writes_over_progress() -> None:
    text = shown(STARTED, *PROGRESS, finished(ok=True), is_terminal=True)
    assert text.count("... sessions") == 3
    assert text.count("\r\x1b[2K") == 4
    assert "\x1b[32mok\x1b[0m" in text


def test_end() -> None:
    good = WalkRecord(name="seed", ok=True, seconds=12.34, steps=(finished(ok=True),))
    bad = WalkRecord(name="seed", ok=False, seconds=1.0, steps=(finished(ok=False),))
    assert shown(WalkFinished(record=good)) == "\nseed: 1 steps, all as expected, 12.3 s\n"
    assert shown(WalkFinished(record=bad)) == "\nseed: missed: Mesh off, 1.0 s\n"


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_colour_only_on_a_terminal_that_can_and_may() -> None:
    assert wants_colour(Terminal(), {"TERM": "xterm"})
    assert not wants_colour(Terminal(), {"TERM": "xterm", "NO_COLOR": "1"})
    assert not wants_colour(Terminal(), {"TERM": "dumb"})
    assert not wants_colour(Terminal(), {})
    assert not wants_colour(io.StringIO(), {"TERM": "xterm"})
