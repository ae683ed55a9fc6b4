"""No form of output of `get` shows what stands in a Secret."""

from pathlib import Path

import pytest

from tortie.cli.app import run_command_line

MANIFEST = "apiVersion: v1\nkind: Secret\nmetadata: {name: bgp}\nstringData: {edge: hunter2}\n"


@pytest.mark.parametrize("output", ["ps", "wide", "yaml", "json"])
@pytest.mark.parametrize("name", [(), ("bgp",)])
def test_get_shows_no_value(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    output: str,
    name: tuple[str, ...],
) -> None:
    monkeypatch.setenv("TORTIE_DATASTORE", f"sqlite://{tmp_path}/d.db")
    file = tmp_path / "secret.yaml"
    file.write_text(MANIFEST)
    assert run_command_line(["create", "-f", str(file)], "tortie") == 0
    assert run_command_line(["get", "secret", *name, "-o", output], "tortie") == 0
    shown = capsys.readouterr().out
    assert "bgp" in shown
    assert "edge" in shown
    assert "hunter2" not in shown
    assert "aHVudGVyMg" not in shown
