"""`node diags`: whatever can be had in one archive, closed to others, and what cannot is noted."""

import json
import stat
import tarfile
from pathlib import Path

import pytest

from tortie.cli.app import run_command_line
from tortie.cli.diagnostics import COMMANDS, LOG_BYTES_MAX
from tortie.cli.errors import ExitCode


def test_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "node.log").write_bytes(b"x" * LOG_BYTES_MAX + b"the end")
    (logs / "other.txt").write_text("not a log")
    archive = tmp_path / "diags.tar.gz"
    words = ["node", "diags", "--log-dir", str(logs), "-o", str(archive), "--socket", str(tmp_path / "none.sock")]
    assert run_command_line(words, "tortie") == ExitCode.OK
    assert capsys.readouterr().out.startswith(f"Diags saved to {archive} (")
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with tarfile.open(archive) as opened:
        files = {name: opened.extractfile(name) for name in opened.getnames()}
        contents = {Path(name).name: file.read() for name, file in files.items() if file is not None}
    assert {f"{name}.txt" for name in COMMANDS} <= set(contents)
    assert contents["agent-status.json"].startswith(b"not to be had: ")
    assert contents["node.log"].endswith(b"the end")
    assert len(contents["node.log"]) == LOG_BYTES_MAX
    assert "other.txt" not in contents
    assert contents["uname.txt"].startswith(b"Linux")


def test_archive_is_not_written_through_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "target"
    target.write_text("kept")
    link = tmp_path / "link"
    link.symlink_to(target)
    assert run_command_line(["node", "diags", "-o", str(link), "--socket", "/nonexistent"], "tortie") == ExitCode.FAILED
    assert str(link) in capsys.readouterr().err
    assert target.read_text() == "kept"


def test_what_was_exported_can_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (f"sqlite://{tmp_path}/{name}.db" for name in ("first", "second"))
    manifest = tmp_path / "m.yaml"
    manifest.write_text(
        "apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: n1, labels: {rack: a}}\n---\n"
        "apiVersion: projectcalico.org/v3\nkind: IPAMConfiguration\nmetadata: {name: default}\n---\n"
        "apiVersion: projectcalico.org/v3\nkind: IPAMHandle\nmetadata: {name: h}\nspec: {handleID: h}\n"
    )
    monkeypatch.setenv("TORTIE_DATASTORE", first)
    assert run_command_line(["apply", "-f", str(manifest)], "tortie") == ExitCode.OK
    capsys.readouterr()
    assert run_command_line(["datastore", "migrate", "export"], "tortie") == ExitCode.OK
    exported = capsys.readouterr().out
    manifest.write_text(exported)
    monkeypatch.setenv("TORTIE_DATASTORE", second)
    assert run_command_line(["datastore", "migrate", "import", "-f", str(manifest)], "tortie") == ExitCode.OK
    capsys.readouterr()
    assert run_command_line(["datastore", "migrate", "export"], "tortie") == ExitCode.OK
    assert capsys.readouterr().out == exported
    assert run_command_line(["datastore", "migrate", "import", "-f", str(manifest)], "tortie") == ExitCode.FAILED
    assert "the datastore holds 3 resources" in capsys.readouterr().err
    assert run_command_line(["get", "nodes", "-o", "json"], "tortie") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)[0]["metadata"]["labels"] == {"rack": "a"}
