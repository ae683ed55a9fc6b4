"""Completion in a real shell: verbs, kinds, and names out of a datastore."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tortie.cli import run_command_line
from tortie.cli.errors import ExitCode

MANIFEST = """
{apiVersion: v1, kind: node, metadata: {name: kube-node1}, spec: {bgp: {ipv4Address: 10.0.0.1/24}}}
---
{apiVersion: v1, kind: node, metadata: {name: kube-node2}, spec: {bgp: {ipv4Address: 10.0.0.2/24}}}
---
{apiVersion: v1, kind: node, metadata: {name: other}, spec: {bgp: {ipv4Address: 10.0.0.3/24}}}
"""

SCRIPT = """
eval "$(tortie completion bash)"
COMP_WORDS=(%(words)s)
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_tortie_completion tortie
printf '%%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def url(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    file = tmp_path / "nodes.yaml"
    file.write_text(MANIFEST, encoding="utf-8")
    url = f"sqlite://{tmp_path}/s.db"
    assert run_command_line(["create", "-f", str(file), "--datastore", url], "tortie") == ExitCode.OK
    capsys.readouterr()
    return url


def completed(folder: Path, url: str, *words: str) -> list[str]:
    """Return what bash offers for the last word; the command is one of a folder, so that it is this checkout's."""
    if shutil.which("bash") is None:
        assert not os.environ.get("CI")
        pytest.skip("no bash")
    command = folder / "tortie"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tortie "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    quoted = " ".join(shlex.quote(word) for word in ("tortie", *words))
    done = subprocess.run(
        ["bash", "-c", SCRIPT % {"words": quoted}],
        capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "TORTIE_DATASTORE": url, "PATH": f"{folder}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("datas",), ["datastore"]),
        (("datastore", ""), ["version", "upgrade", "migrate", "migrate-policy-names"]),
        (("label", "node", "kube-node1"), ["kube-node1"]),
        (("schema", "bgpF"), ["bgpFilter"]),
        (("get", "bgpP"), ["bgpPeer"]),
        (("get", "node", "kube"), ["kube-node1", "kube-node2"]),
        (("get", "node", "kube-node1", "kube"), ["kube-node2"]),
        (("delete", "nodes", "O"), ["other"]),
        (("get", "no such kind", ""), []),
        (("config", "set", "--node", "oth"), ["other"]),
        (("node", "run", "--name", "kube-node2"), ["kube-node2"]),
        (("lab", "up", "seed-"), ["seed-dual-stack"]),
    ],
)
def test_a_shell_offers(tmp_path: Path, url: str, words: tuple[str, ...], expected: list[str]) -> None:
    assert completed(tmp_path, url, *words) == expected


def test_a_datastore_that_is_not_there_offers_nothing(tmp_path: Path) -> None:
    assert completed(tmp_path, f"sqlite://{tmp_path}/none.db", "get", "node", "") == []
    assert [path.name for path in tmp_path.iterdir()] == ["tortie"]
