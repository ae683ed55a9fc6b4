"""Replaying a recording for somebody who looks on.

What it is for: from a file to a verdict in words. What it is NOT for: the replay itself (``bgp.watch``).
"""

import json
from dataclasses import asdict
from pathlib import Path

import click

from tortie import __version__
from tortie.bgp.engine import Output, peer_statuses, route_statuses
from tortie.bgp.watch import RecordingInvalid, Replay, to_plain
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST
from tortie.cli.errors import CommandFailed

__all__ = ["replay_file"]


def replay_file(file: Path, until: int | None, *, shows_outputs: bool, shows_state: bool) -> None:
    """Replay a file, print what is to be shown as lines of JSON, and the verdict: then on standard error.

    Raises:
        CommandFailed: it is no recording, or what is put out differs.
    """
    try:
        with file.open("rb") as lines:
            replay = Replay(
                lines, until=until, on_output=_show_output if shows_outputs else lambda _line, _output: None
            )
            replay.run()
    except RecordingInvalid as error:
        raise CommandFailed(f"{file}: {error}") from error
    if shows_state:
        _show_state(replay)
    for line in _verdict(replay):
        click.echo(line, err=shows_outputs or shows_state)
    if replay.difference:
        raise CommandFailed(f"{file}: {replay.difference}")


def _show_output(number: int, output: Output) -> None:
    click.echo(json.dumps({"line": number, "output": type(output).__name__, **to_plain(output)}))


def _show_state(replay: Replay) -> None:
    for session in peer_statuses(replay.engine, replay.now):
        click.echo(json.dumps({"session": asdict(session)}))
    for family in (IPV4_UNICAST, IPV6_UNICAST):
        for route in route_statuses(replay.engine, family):
            click.echo(json.dumps({"path": asdict(route)}))


def _verdict(replay: Replay) -> list[str]:
    verdict = "not what was recorded" if replay.difference else "as recorded"
    lines = [f"{replay.input_count} inputs, {replay.output_count} outputs: {verdict}"]
    if replay.version != __version__:
        lines.append(f"recorded by tortie {replay.version}, this is {__version__}")
    if replay.defect is not None:
        lines.append(f"line {replay.line_number}: a defect ends it: {type(replay.defect).__name__}: {replay.defect}")
    elif replay.end == "limit":
        lines.append(f"line {replay.line_number}: the recording was full here")
    elif not replay.end and not replay.difference:
        lines.append(f"line {replay.line_number}: the recording breaks off here, or --until ends it")
    return lines
