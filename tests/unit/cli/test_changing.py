"""What create, apply and replace refuse before anything is written, though the record as such could be kept."""

from pathlib import Path

import pytest

from tortie.cli.app import run_command_line
from tortie.cli.errors import ExitCode

PEER = """
apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {{name: {name}, annotations: {{tortie/add-path: {mode}}}}}
spec: {{peerIP: 10.10.31.168, asNumber: 64512}}
"""


@pytest.fixture
def datastore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORTIE_DATASTORE", f"sqlite://{tmp_path}/store.db")
    return tmp_path / "store.db"


@pytest.mark.parametrize("verb", ["create", "apply", "replace"])
def test_an_annotation_that_agents_would_not_take_is_refused(
    datastore: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    file = datastore.parent / "peers.yaml"
    file.write_text(PEER.format(name="good", mode="receive") + "---" + PEER.format(name="bad", mode="sideways"))
    assert run_command_line([verb, "-f", str(file)], "tortie") == ExitCode.FAILED
    expected = "BGPPeer 'bad': metadata.annotations.tortie/add-path: 'sideways': expected off, receive, send, both"
    assert capsys.readouterr().err == f"{file}:7: {expected}\n"
    assert not datastore.exists(), "nothing was written, not even the good one"


def test_what_is_there_can_be_deleted_whatever_it_says(datastore: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = datastore.parent / "good.yaml", datastore.parent / "bad.yaml"
    good.write_text(PEER.format(name="p", mode="receive"))
    bad.write_text(PEER.format(name="p", mode="sideways"))
    assert run_command_line(["create", "-f", str(good)], "tortie") == ExitCode.OK
    assert run_command_line(["delete", "-f", str(bad)], "tortie") == ExitCode.OK
    assert capsys.readouterr().out.endswith("Successfully deleted 1 'BGPPeer' resource(s)\n")
