"""The tree of verbs and the top loop."""

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from tortie.cli import run_command_line
from tortie.cli.app import GROUPS, VERBS, application
from tortie.cli.errors import ExitCode

FORBIDDEN_STANDING_ALONE = ("pydantic", "pydantic_core", "starlette", "uvicorn", "httpx", "h11", "http", "rich", "yaml",
                            "structlog", "prometheus_client", "cryptography", "pyroute2", "sqlite3", "grpc",
                            "google")  # fmt: skip
FORBIDDEN_IN_HELP = (*FORBIDDEN_STANDING_ALONE, "asyncio", "tortie.bgp", "tortie.model", "tortie.store")


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Yield every verb with its full name."""
    yield from VERBS.items()
    for group, (_, verbs) in GROUPS.items():
        yield from ((f"{group} {name}", verb) for name, verb in verbs.items())


@pytest.mark.parametrize("name", [name for name, _ in leaves()])
def test_help_of_every_verb(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line([*name.split(), "--help"], "tortie") == ExitCode.OK
    assert f"Usage: tortie {name}" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "verb"), list(leaves()), ids=[name for name, _ in leaves()])
def test_first_line_of_help_is_one_short_sentence(name: str, verb: click.Command) -> None:
    first = (verb.help or "").splitlines()[0]
    assert first.endswith((".", "done.")), name
    assert len(first) <= 80, name


@pytest.mark.parametrize("name", ["config get", "node status", "node routes", "reflector status", "reflector routes",
                                  "get", "lab status", "version"])  # fmt: skip
def test_every_reading_verb_has_json(name: str) -> None:
    verb = dict(leaves())[name]
    (output,) = [parameter for parameter in verb.params if parameter.name == "output"]
    assert "-o" in output.opts
    assert isinstance(output.type, click.Choice)
    assert "json" in output.type.choices


def test_verbs_stand_in_the_order_of_the_table() -> None:
    app = application()
    assert app.list_commands(click.Context(app)) == [*VERBS, *GROUPS]


@pytest.mark.parametrize("group", ["", "node", "reflector", "lab", "config"])
def test_a_group_alone_prints_its_help(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line([*group.split(), "--help"], "tortie") == ExitCode.OK
    text = capsys.readouterr().out
    assert run_command_line(group.split(), "tortie") == ExitCode.USAGE
    assert capsys.readouterr().err == text


def test_command_answers_to_another_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["get"], "calicoctl") == ExitCode.USAGE
    assert (
        capsys.readouterr().err == "calicoctl get: KIND, or --filename, says what to show (see: calicoctl get --help)\n"
    )


def test_defect_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    @click.command
    def broken() -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setitem(VERBS, "broken", broken)
    monkeypatch.delenv("TORTIE_DEBUG", raising=False)
    assert run_command_line(["broken"], "tortie") == ExitCode.INTERNAL
    assert capsys.readouterr().err == "internal error: ZeroDivisionError: by zero (TORTIE_DEBUG=1 shows where)\n"
    monkeypatch.setenv("TORTIE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run_command_line(["broken"], "tortie")


def test_version_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["version", "-o", "json"], "tortie") == ExitCode.OK
    assert set(json.loads(capsys.readouterr().out)) == {"version", "python", "system"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command_line(["completion", shell], "tortie") == ExitCode.OK
    assert "_TORTIE_COMPLETE" in capsys.readouterr().out


def modules_after(arguments: list[str]) -> set[str]:
    """Return the modules that a new process has loaded after it ran one command line."""
    script = (
        "import json, sys\n"
        "from tortie.cli import run_command_line\n"
        f"run_command_line({arguments!r}, 'tortie')\n"
        "sys.stderr.write('MODULES ' + json.dumps(sorted(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    return set(json.loads(done.stderr.rpartition("MODULES ")[2]))


def test_help_loads_nothing_heavy() -> None:
    assert modules_after(["--help"]).isdisjoint(FORBIDDEN_IN_HELP)


def test_add_path_stands_in_the_file_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    code = run_command_line(["reflector", "run", "--config", "x.yaml", "--add-path", "both"], "tortie")
    assert code == ExitCode.USAGE
    assert "--add-path stands in the file, a peer at a time (add_path)" in capsys.readouterr().err


def test_reflector_alone_loads_no_pydantic_no_http_no_rich() -> None:
    # Everything is loaded before it fails: its status socket cannot lie below a file.
    options = ["--listen", "192.0.2.1", "--as", "64512", "--client-range", "10.0.0.0/8"]
    loaded = modules_after(["reflector", "run", *options, "--status-socket", "/dev/null/none"])
    assert "tortie.node.standalone_reflector" in loaded
    assert loaded.isdisjoint(FORBIDDEN_STANDING_ALONE)


@pytest.mark.parametrize(("url", "is_loaded"), [("sqlite:///dev/null/none", False), ("etcd://127.0.0.1:1", True)])
def test_grpc_is_loaded_for_etcd_only(url: str, is_loaded: bool) -> None:
    loaded = modules_after(["get", "nodes", "--datastore", url])
    assert {"grpc", "google.protobuf"} <= loaded if is_loaded else loaded.isdisjoint({"grpc", "google.protobuf"})


def test_asking_an_agent_loads_no_pydantic() -> None:
    assert modules_after(["node", "status", "--socket", "/dev/null/none"]).isdisjoint(FORBIDDEN_STANDING_ALONE)
