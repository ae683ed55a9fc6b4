"""The README's example prints what it says."""

import re
from pathlib import Path

import pytest

from documents import REPOSITORY, exchanges, run_again, transcript

CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)

DATA_DIRECTORY = "/home/you/.local/share/tortie"


def test_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TORTIE_DATASTORE", f"sqlite://{tmp_path}/datastore.db")
    written = "".join(CONSOLE.findall((REPOSITORY / "README.md").read_text(encoding="utf-8")))
    assert written.count("$ tortie") >= 3
    now = transcript([run_again(exchange, capsys.readouterr) for exchange in exchanges(written)])
    assert now.replace(str(tmp_path), DATA_DIRECTORY) == written
