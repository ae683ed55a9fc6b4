"""docs/from-calicoctl.md says what comes back. Written anew by: UPDATE_GOLDEN=1 pytest tests/golden/cli."""

import os
import re
from pathlib import Path

import pytest

from documents import DOCS, exchanges, run_again, transcript
from tortie.cli.app import GROUPS, VERBS
from tortie.cli.verbs.refused import REFUSED
from tortie.model import KINDS

PAGE = DOCS / "from-calicoctl.md"
EXAMPLE = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
OF_CALICOCTL = ("create", "apply", "replace", "delete", "get", "patch", "label", "validate", "convert", "version")
GROUPS_OF_CALICOCTL = ("config", "ipam", "node", "datastore", "cluster")


def test_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TORTIE_DATASTORE", f"sqlite://{tmp_path}/datastore.db")
    monkeypatch.setenv("TORTIE_RUN_DIR", str(tmp_path / "run"))
    for name in ("IP", "IP6", "NODENAME", "TORTIE_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def run(example: re.Match[str]) -> str:
        text = transcript([run_again(exchange, capsys.readouterr) for exchange in exchanges(example[0])])
        return text.replace(f"created a new datastore at {tmp_path}/datastore.db\n", "")

    written = PAGE.read_text(encoding="utf-8")
    now = EXAMPLE.sub(run, written)
    assert len(EXAMPLE.findall(written)) >= 8
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(now, encoding="utf-8")
    assert now == written


@pytest.mark.parametrize("name", [*OF_CALICOCTL, *REFUSED])
def test_every_command_of_calicoctl_is_there_and_on_the_page(name: str) -> None:
    group, _, rest = name.partition(" ")
    assert (name in VERBS) or (rest and group in GROUPS)
    assert name.rpartition(" ")[2] in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("group", GROUPS_OF_CALICOCTL)
def test_every_group_has_its_commands_on_the_page(group: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    ours = {"node": {"check", "routes", "confirm", "drain", "stop"}, "datastore": {"version", "upgrade"}}.get(
        group, set()
    )
    assert [name for name in GROUPS[group][1] if name not in text and name not in ours] == []


def test_every_kind_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if kind not in text] == []
