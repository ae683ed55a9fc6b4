"""Where resources are read from: files, folders, standard input; and the namespace they are put into."""

import json
from pathlib import Path

import pytest

from tortie.cli.app import run_command_line
from tortie.cli.errors import ExitCode

NODE = "apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {{name: {}}}\n"
ENDPOINT = "apiVersion: projectcalico.org/v3\nkind: WorkloadEndpoint\nmetadata: {{name: {}}}\nspec: {{node: n1}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORTIE_DATASTORE", f"sqlite://{tmp_path}/datastore.db")
    found = tmp_path / "manifests"
    (found / "deeper").mkdir(parents=True)
    (found / "b.yaml").write_text(NODE.format("n2"))
    (found / "a.yml").write_text(NODE.format("n1"))
    (found / "c.json").write_text(
        json.dumps({"apiVersion": "projectcalico.org/v3", "kind": "Node", "metadata": {"name": "n3"}})
    )
    (found / "notes.txt").write_text("{")
    (found / "deeper" / "d.yaml").write_text(NODE.format("n4"))
    return found


def run(*words: str) -> ExitCode:
    return ExitCode(run_command_line(words, "tortie"))


def test_a_folder_is_read_by_name_and_deeper_on_request(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("create", "-f", str(folder)) is ExitCode.OK
    assert capsys.readouterr().out == "Successfully created 3 'Node' resource(s)\n"
    assert run("apply", "-R", "-f", str(folder)) is ExitCode.OK
    assert capsys.readouterr().out == "Successfully applied 4 'Node' resource(s)\n"
    assert run("get", "-R", "-f", str(folder)) is ExitCode.OK
    assert capsys.readouterr().out.split() == ["NAME", "n1", "n2", "n3", "n4"]
    assert run("delete", "-R", "-f", str(folder)) is ExitCode.OK


def test_one_bad_file_changes_nothing_and_validate_names_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "x.yaml").write_text("apiVersion: projectcalico.org/v3\nkind: Nod\nmetadata: {name: n}\n")
    (folder / "y.yaml").write_text(NODE.format("N_5"))
    assert run("create", "-f", str(folder)) is ExitCode.FAILED
    capsys.readouterr()
    assert run("validate", "-f", str(folder)) is ExitCode.FAILED
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"{folder}/x.yaml:2: resource type 'Nod' is not supported (did you mean 'Node'?)")
    assert second.startswith(f"{folder}/y.yaml:3: ")
    assert run("get", "nodes") is ExitCode.UNREACHABLE, "no datastore was made"


def test_an_empty_folder_is_an_error_unless_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    for verb in ("create", "apply", "replace", "delete", "validate"):
        assert run(verb, "-f", str(tmp_path / "empty")) is ExitCode.FAILED
        assert capsys.readouterr().err == "No resources specified in file\n"
        assert run(verb, "--skip-empty", "-f", str(tmp_path / "empty")) is ExitCode.OK


def test_a_namespace_is_for_those_that_name_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = ENDPOINT.format("own").replace("name: own", "name: own, namespace: default")
    (folder / "b.yaml").write_text(ENDPOINT.format("none") + "---\n" + own)
    assert run("create", "-n", "prod", "-f", str(folder / "b.yaml")) is ExitCode.OK
    capsys.readouterr()
    assert run("get", "wep", "-A", "-o", "json") is ExitCode.OK
    found = {each["metadata"]["name"]: each["metadata"]["namespace"] for each in json.loads(capsys.readouterr().out)}
    assert found == {"none": "prod", "own": "default"}
    assert run("label", "wep", "none", "a=b", "-n", "prod") is ExitCode.OK
    assert run("patch", "wep", "none", "-p", "{spec: {pod: x}}", "-n", "prod") is ExitCode.OK
    assert run("delete", "wep", "none") is ExitCode.FAILED
    assert run("delete", "wep", "none", "-n", "prod") is ExitCode.OK


def test_kind_or_file_and_one_namespace_or_all(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("get", "nodes", "-f", str(folder)) is ExitCode.USAGE
    assert run("get", "nodes", "-A", "-n", "x") is ExitCode.USAGE
    assert "either --namespace or --all-namespaces" in capsys.readouterr().err


def test_a_secret_is_not_printed_through_a_template(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "s.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: hunter2}\n")
    assert run("create", "-f", str(folder / "s.yaml")) is ExitCode.OK
    assert run("get", "secret", "s", "-o", "go-template={{range .}}{{.Data}}{{end}}") is ExitCode.FAILED
    assert run("patch", "secret", "s", "-p", "{metadata: {labels: {a: b}}}") is ExitCode.OK
    assert run("get", "secret", "s", "-o", "yaml") is ExitCode.OK
    assert "hunter2" not in "".join(capsys.readouterr())
