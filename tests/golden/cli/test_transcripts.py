"""What our commands print, word for word. Written anew by: UPDATE_GOLDEN=1 pytest tests/golden/cli."""

import os
from pathlib import Path

import pytest

from documents import exchanges, run_again, transcript

HERE = Path(__file__).parent
SCRUBBED = ("IP", "IP6", "ETCD_ENDPOINTS", "ETCD_AUTHORITY", "TORTIE_DEBUG", "NODENAME")


@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_transcript(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORTIE_DATASTORE", f"sqlite://{tmp_path}/datastore.db")
    monkeypatch.setenv("TORTIE_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("TORTIE_LAB_DIR", str(tmp_path / "labs"))
    for name in SCRUBBED:
        monkeypatch.delenv(name, raising=False)
    written = path.read_text(encoding="utf-8")
    now = transcript([run_again(exchange, capsys.readouterr) for exchange in exchanges(written)])
    now = now.replace(str(tmp_path), "<tmp>")
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(now, encoding="utf-8")
    assert now == written
