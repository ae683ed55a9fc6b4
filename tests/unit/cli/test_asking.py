"""What `routes` asks the agent for, and what it makes of PREFIX."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tortie.cli import asking, run_command_line
from tortie.cli.errors import ExitCode

KNOWN = {"ipv4": ["10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/16", "192.0.2.7/32"], "ipv6": ["fd00::/8"]}


@pytest.fixture(autouse=True)
def agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer as an agent does that knows these prefixes, each path with a number."""

    def ask_many(_socket: Path | None, _op: str, _command: str, arguments: Mapping[str, str]) -> Iterator[Any]:
        prefix = arguments.get("prefix")
        for number, known in enumerate(KNOWN[arguments["family"]]):
            if prefix in (None, known):
                yield {"prefix": known, "number": number}

    monkeypatch.setattr(asking, "ask_many", ask_many)


@pytest.mark.parametrize("command", ["node", "reflector"])
@pytest.mark.parametrize("text", ["garbage", "1.2.3.0/33", "10.0.0.1/8", ""])
def test_no_prefix_is_an_error_that_names_it(command: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line([command, "routes", "10.0.0.0/8", text], "tortie") == ExitCode.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"PREFIX {text!r}: expected a prefix such as 10.0.0.0/8, or an address")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param([], [*KNOWN["ipv4"], *KNOWN["ipv6"]], id="all"),
        pytest.param(["10.1.0.0/16"], ["10.1.0.0/16"] * 2, id="every path of a prefix"),
        pytest.param(["10.2.0.0/16"], [], id="a prefix means itself"),
        pytest.param(["10.1.2.3"], ["10.1.0.0/16"] * 2, id="longest match of an address"),
        pytest.param(["192.0.2.7"], ["192.0.2.7/32"], id="an address that is known itself"),
        pytest.param(["11.0.0.1"], [], id="an address in no prefix"),
        pytest.param(["10.1.2.3", "10.1.0.0/16"], ["10.1.0.0/16"] * 2, id="each path once"),
        pytest.param(["fd00:0::1", "10.0.0.0/8"], ["fd00::/8", "10.0.0.0/8"], id="both families"),
        pytest.param(["fd00::1", "--family", "ipv4"], [], id="of the other family"),
    ],
)
def test_paths_of_prefixes(arguments: list[str], expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["node", "routes", "-o", "json", *arguments], "tortie") == ExitCode.OK
    assert [path["prefix"] for path in json.loads(capsys.readouterr().out)] == expected


@pytest.mark.rfc("9003", "2")
@pytest.mark.parametrize("command", ["node", "reflector"])
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param("x" * 256, "--message: 256 octets of UTF-8, expected at most 255", id="256"),
        pytest.param("é" * 128, "--message: 256 octets of UTF-8, expected at most 255", id="of two octets"),
        pytest.param("\udcff", "--message '\\udcff': expected text in UTF-8", id="no UTF-8"),
    ],
)
def test_words_for_peers_that_cannot_be_sent(
    command: str, message: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line([command, "stop", "--message", message], "tortie") == ExitCode.USAGE
    assert capsys.readouterr().err.strip() == expected
