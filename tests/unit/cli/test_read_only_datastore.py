"""Verbs on a datastore that is only read: those that read work, those that write say where to write instead."""

from pathlib import Path

import pytest

from tortie.cli.app import run_command_line
from tortie.cli.errors import ExitCode

PEER = "apiVersion: v1\nkind: bgpPeer\nmetadata: {peerIP: 10.10.31.168, scope: global}\nspec: {asNumber: 64512}\n"
OTHER = PEER.replace("168", "169")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one manifest, which is the datastore."""
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "peers.yaml").write_text(PEER)
    (tmp_path / "other.yaml").write_text(OTHER)
    monkeypatch.setenv("TORTIE_DATASTORE", f"files://{folder}")
    return folder


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("create -f {other}", id="create"),
        pytest.param("apply -f {other}", id="apply"),
        pytest.param("replace -f {same}", id="replace"),
        pytest.param("delete bgpPeer 10-10-31-168", id="delete"),
        pytest.param("config set nodeToNodeMesh off", id="config set"),
    ],
)
def test_what_writes_says_where_to_write(folder: Path, capsys: pytest.CaptureFixture[str], words: str) -> None:
    line = words.format(other=folder.parent / "other.yaml", same=folder / "peers.yaml")
    assert run_command_line(line.split(), "tortie") == ExitCode.FAILED
    output = capsys.readouterr()
    assert output.out == ""
    assert f"{folder} is a folder of manifests and is only read: change the files in it" in output.err
    assert len(output.err.splitlines()) == 1
    assert [path.name for path in folder.iterdir()] == ["peers.yaml"]


def test_what_reads_works_and_warns(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "broken.yaml").write_text("kind: [")
    assert run_command_line(["get", "bgpPeer"], "tortie") == ExitCode.OK
    output = capsys.readouterr()
    assert "10.10.31.168" in output.out
    assert output.err.startswith(f"warning: cannot be used: broken.yaml: {folder}/broken.yaml:1: malformed YAML")
