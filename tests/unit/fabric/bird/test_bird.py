"""Intents as configurations of BIRD: the kept text, what BIRD says of it, and what must never stand in one.

Written anew by: UPDATE_GOLDEN=1 pytest tests/unit/fabric/bird.
"""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from support.daemons import Bird1, Bird2
from support.speaker_text import SECRET, check_golden, intents
from tortie.fabric import FilterIntent, FilterRule, NodeIntent
from tortie.fabric.bird import render_bird1, render_bird2, session_name
from tortie.fabric.bird.blocks import filter_lines, quoted
from tortie.lab.foreign.speakers import bird1_program

INTENTS = intents()
PASSWORDS = {SECRET: "secret"}


def accepted(program: str, text: str, folder: Path) -> str:
    """Return what `bird -p` says of a file, "" where it takes it."""
    file = folder / "bird.conf"
    file.write_text(text, encoding="utf-8")
    done = subprocess.run([program, "-p", "-c", str(file)], capture_output=True, text=True, check=False, timeout=20)
    return done.stderr if done.returncode else ""


def need(missing: str | None) -> None:
    if missing is not None and os.environ.get("CI"):
        pytest.fail(f"no {missing}")
    if missing is not None:
        pytest.skip(f"no {missing}")


@pytest.mark.parametrize("name", INTENTS)
def test_text_for_bird_2(name: str) -> None:
    check_golden(f"{name}.bird2.conf", render_bird2(INTENTS[name], PASSWORDS))


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("name", INTENTS)
def test_text_for_bird_1(name: str, family: str) -> None:
    check_golden(f"{name}.bird1-{family}.conf", render_bird1(INTENTS[name], family, PASSWORDS))


@pytest.mark.parametrize("name", INTENTS)
def test_bird_2_takes_it(name: str, tmp_path: Path) -> None:
    need(Bird2.missing())
    assert accepted("bird", render_bird2(INTENTS[name], PASSWORDS), tmp_path) == ""


@pytest.mark.all
@pytest.mark.parametrize(("family", "program"), [("ipv4", "bird"), ("ipv6", "bird6")])
@pytest.mark.parametrize("name", INTENTS)
def test_bird_1_takes_it(name: str, family: str, program: str, tmp_path: Path) -> None:
    need(Bird1.missing())
    assert accepted(bird1_program(program), render_bird1(INTENTS[name], family, PASSWORDS), tmp_path) == ""


@pytest.mark.parametrize("passwords", [{}, {SECRET: 'with a "'}], ids=["not at hand", "BIRD cannot quote it"])
def test_a_session_without_its_password_is_left_out(passwords: dict[object, str]) -> None:
    """Never opened without one."""
    for text in (render_bird2(INTENTS["options"], passwords), render_bird1(INTENTS["options"], "ipv4", passwords)):  # type: ignore[arg-type]  # a plain dict
        assert "# Node_192_0_2_4 is left out" in text
        assert "192.0.2.4 port" not in text


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        pytest.param(
            FilterRule("10.0.0.0/8", None, accept=True), "if net ~ [ 10.0.0.0/8+ ] then accept;", id="all of it"
        ),
        pytest.param(FilterRule("10.0.0.0/8", 8, accept=True), "if net ~ [ 10.0.0.0/8 ] then accept;", id="itself"),
        pytest.param(
            FilterRule("fd00::/16", 64, accept=False), "if net ~ [ fd00::/16{16,64} ] then reject;", id="some of it"
        ),
    ],
)
def test_rules(rule: FilterRule, line: str) -> None:
    assert filter_lines("f", FilterIntent((rule,), default_accept=True)) == (
        "filter f {", f"  {line}", "  accept;", "}",
    )  # fmt: skip


def test_what_bird_cannot_quote_does_not_get_into_a_file() -> None:
    assert quoted('a"; }\nroute') == '"a_; }_route"'


def test_names_are_upstreams() -> None:
    assert {session_name(session) for session in INTENTS["node"].sessions} == {
        "Mesh_10_10_31_194", "Global_10_10_31_168", "Mesh_fd00_10__194",
    }  # fmt: skip
    assert session_name(INTENTS["options"].sessions[0]) == "Node_192_0_2_1_port_1179"


def test_a_block_of_one_address_is_its_workloads() -> None:
    """Its route leads to the workload; a blackhole beside it would be BIRD's to prefer."""
    node = INTENTS["node"]
    single: NodeIntent = replace(node, blackholes=("192.168.1.5/32",))
    assert "192.168.1.5/32 blackhole" not in render_bird2(single)
