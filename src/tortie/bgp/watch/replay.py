"""Replay of a recording: a fresh engine, the same inputs, the same outputs or the first place where they differ.

For: `tortie replay` and tests. Not for: files or printing (cli/verbs/replay.py).
Structure to know: `Replay`.

A recording that breaks off (kill -9, a full disk) is replayed as far as it goes; a last line that is torn is no line.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from inspect import Signature, signature
from typing import Any, get_type_hints

from tortie.bgp.engine import Engine, Output, PeerKey, SpeakerConfig
from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.watch.plain import NotPlain, Plain, from_plain
from tortie.bgp.watch.recording import FORMAT, INPUTS, OutputDigest, raised_text

__all__ = ["RecordingInvalid", "Replay"]

_JITTER_WHEN_NONE_IS_LEFT = 1.0

Hearer = Callable[[int, Output], None]
"""Told each output, and the number of the line whose input led to it."""


class RecordingInvalid(LocalProtocolError):
    """What is to be replayed is no recording, or not of this version's form."""


class Replay:
    """One engine that lives through a recording.

    Args:
        lines: of the recording, with or without their ends.
        until: the last line to be carried out, counted from 1 as editors do; None = all.
        on_output: see Hearer.

    Attributes:
        version: the program that recorded.
        engine: as it is after the last line.
        now: the engine's time then.
        line_number: of the last line that was carried out.
        input_count: how many inputs that were.
        output_count: how many outputs they led to.
        end: how the recording ends: "closed", "limit", or "" where it breaks off.
        difference: the first place where outputs are not those recorded, for people; "" = there is none.
        defect: what ended the engine, None = nothing did.
    """

    def __init__(
        self, lines: Iterable[bytes], *, until: int | None = None, on_output: Hearer = lambda _line, _output: None
    ) -> None:
        """Read the first line.

        Raises:
            RecordingInvalid: it is not that of a recording.
        """
        self._lines = iter(lines)
        self._until = until
        self._on_output = on_output
        self._jitter: deque[float] = deque()
        self._ahead: deque[tuple[int, Output]] = deque()
        self._digest = OutputDigest()
        self.version, self.engine = self._begin(next(self._lines, b""))
        self.now = 0.0
        self.line_number = 1
        self.input_count = self.output_count = 0
        self.end = self.difference = ""
        self.defect: Exception | None = None

    def run(self) -> None:
        """Carry out the lines until the end, or the first difference or defect.

        Raises:
            RecordingInvalid: a line, but the last, is none of a recording; it is named.
        """
        for number, line in self._parsed():
            if (outputs := line.pop("outputs", None)) is not None and not self._check(number, outputs):
                return
            if "end" in line:
                self.end = str(line["end"])
                if self._ahead:
                    self._differ(number, "no more outputs", f"{len(self._ahead)} more")
                return
            self.line_number = number
            if not self._carry_out(number, line):
                return

    def _begin(self, line: bytes) -> tuple[str, Engine]:
        try:
            header: Plain = json.loads(line)
            if header["format"] != FORMAT:
                raise RecordingInvalid(f"line 1: format {header['format']!r}: this version reads {FORMAT}")
            engine = Engine(
                from_plain(SpeakerConfig, header["config"]),
                self._next_jitter,
                reports_best_paths=header["reports_best_paths"],
                is_restarting=header["is_restarting"],
                expected=from_plain(frozenset[PeerKey] | None, header["expected"]),
            )
            return str(header["tortie"]), engine
        except (ValueError, KeyError, TypeError, NotPlain) as error:
            raise RecordingInvalid(f"line 1: not the first line of a recording ({error})") from error

    def _next_jitter(self) -> float:
        """Draw what was drawn; where more is wanted than was, outputs differ anyway."""
        return self._jitter.popleft() if self._jitter else _JITTER_WHEN_NONE_IS_LEFT

    def _parsed(self) -> Iterator[tuple[int, dict[str, Plain]]]:
        """Yield the number and content of each line but a torn last one."""
        broken = ""
        for number, line in enumerate(self._lines, start=2):
            if broken:
                raise RecordingInvalid(broken)
            if self._until is not None and number > self._until:
                return
            try:
                content = json.loads(line)
            except ValueError as error:
                broken = f"line {number}: not JSON ({error})"
                continue
            if not isinstance(content, dict) or ("end" not in content and content.get("input") not in INPUTS):
                raise RecordingInvalid(f"line {number}: {str(content)[:80]}: expected an input of an engine")
            yield number, content

    # ------------------------------------------------------------------ inputs

    def _carry_out(self, number: int, line: dict[str, Plain]) -> bool:
        """Give the engine one input; say whether it lives on."""
        name = str(line.pop("input"))
        self._jitter = deque(line.pop("jitter", ()))
        raised = line.pop("raised", None)
        arguments = _arguments(number, name, line)
        self.now = arguments.get("now", self.now)
        self.input_count += 1
        try:
            getattr(self.engine, name)(**arguments)
        except Exception as error:  # noqa: BLE001 - a defect of the engine is what a replay is to show
            self.defect = error
            if raised != raised_text(error):
                self._differ(number, raised or "no defect", raised_text(error))
            return False
        self._take_outputs(number)
        if raised is not None:
            self._differ(number, raised, "no defect")
        return raised is None

    def _take_outputs(self, number: int) -> None:
        while (output := self.engine.next_output()) is not None:
            self.output_count += 1
            self._ahead.append((number, output))
            self._on_output(number, output)

    # ------------------------------------------------------------------ outputs

    def _check(self, number: int, recorded: Plain) -> bool:
        """Compare what was put out before a line with what is recorded there."""
        count, _ = recorded
        concerned: list[int] = []
        while self._digest.count < count and self._ahead:
            origin, output = self._ahead.popleft()
            self._digest.add(output)
            concerned.append(origin)
        if self._digest.plain() != recorded:
            first, last = (concerned[0], concerned[-1]) if concerned else (number, number)
            self._differ(
                first, f"{_text(recorded)} before line {number}", f"{_text(self._digest.plain())} by line {last}"
            )
        return not self.difference

    def _differ(self, number: int, recorded: str, replayed: str) -> None:
        self.difference = f"line {number}: recorded: {recorded}; replayed: {replayed}"


def _text(outputs: Plain) -> str:
    count, digest = outputs
    return f"{count} outputs (digest {digest or 'none'})"


def _arguments(number: int, name: str, line: dict[str, Plain]) -> dict[str, Any]:
    hints = _hints(name)
    try:
        arguments = {argument: from_plain(hints[argument], value) for argument, value in line.items()}
        _signature(name).bind(None, **arguments)
    except (KeyError, TypeError, ValueError, NotPlain) as error:
        raise RecordingInvalid(f"line {number}: {name}: {error}") from error
    return arguments


@cache
def _signature(name: str) -> Signature:
    return signature(getattr(Engine, name))


@cache
def _hints(name: str) -> dict[str, Any]:
    return get_type_hints(getattr(Engine, name))
