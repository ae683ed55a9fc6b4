"""Exit codes and the line that stands for an error."""

import errno
import importlib

import click
import pytest

from tortie.cli.errors import EXIT_CODE_BY_ERROR, CommandFailed, ExitCode, executing, explain
from tortie.lab.errors import LabNotRunning, UnknownLab
from tortie.model import ConfigInvalid
from tortie.node.errors import AgentNotPermitted, AgentNotRunning, AgentRefused
from tortie.node.standalone import StandaloneInvalid
from tortie.speaker import ListenFailed
from tortie.store import NotFound, StoreUnavailable

ROWS = [
    ("command-failed", CommandFailed("no", ExitCode.USAGE), ExitCode.USAGE, "no"),
    ("usage", click.UsageError("No such thing."), ExitCode.USAGE, "No such thing"),
    ("model", ConfigInvalid("invalid value 'x'"), ExitCode.FAILED, "invalid value 'x'"),
    ("store", NotFound("resource does not exist: Node(x)"), ExitCode.FAILED, "resource does not exist: Node(x)"),
    ("store-away", StoreUnavailable("locked"), ExitCode.UNREACHABLE, "locked"),
    ("no-agent", AgentNotRunning("no socket"), ExitCode.UNREACHABLE, "no socket"),
    ("not-our-agent", AgentNotPermitted("denied"), ExitCode.NOT_PERMITTED, "denied"),
    ("agent-says-no", AgentRefused("failed", "bad family"), ExitCode.FAILED, "bad family"),
    ("no-lab", LabNotRunning("seed", []), ExitCode.UNREACHABLE, str(LabNotRunning("seed", []))),
    ("unknown-lab", UnknownLab("x", ["seed"]), ExitCode.FAILED, str(UnknownLab("x", ["seed"]))),
    ("file-missing", FileNotFoundError(errno.ENOENT, "No such file", "x"), ExitCode.FAILED, "x: No such file"),
    ("no-rights", PermissionError(errno.EACCES, "Permission denied", "/x"), ExitCode.NOT_PERMITTED,
     "/x: Permission denied (root may be needed)"),
    ("refused", ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), ExitCode.UNREACHABLE,
     "Connection refused"),
    ("defect", KeyError("x"), ExitCode.INTERNAL, "internal error: KeyError: 'x' (TORTIE_DEBUG=1 shows where)"),
    ("interrupt", KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted"),
    ("group", ExceptionGroup("g", [ConfigInvalid("a"), StoreUnavailable("b"), ConfigInvalid("a")]),
     ExitCode.UNREACHABLE, "a\nb"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "code", "text"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_explain(error: BaseException, code: ExitCode, text: str) -> None:
    assert explain(error) == (code, text)


def test_port_that_needs_rights_is_not_permitted() -> None:
    error = ListenFailed("10.0.0.1", 179, PermissionError(errno.EACCES, "Permission denied"))
    assert explain(error)[0] is ExitCode.NOT_PERMITTED


def test_port_in_use_is_failed() -> None:
    error = ListenFailed("10.0.0.1", 179, OSError(errno.EADDRINUSE, "Address already in use"))
    code, text = explain(error)
    assert code is ExitCode.FAILED
    assert "10.0.0.1 port 179: Address already in use" in text


def test_error_caused_by_want_of_rights_is_not_permitted() -> None:
    error = UnknownLab("x", [])
    error.__cause__ = PermissionError(errno.EPERM, "Operation not permitted")
    assert explain(error)[0] is ExitCode.NOT_PERMITTED


def test_standalone_invalid_is_ours() -> None:
    assert explain(StandaloneInvalid("as: missing")) == (ExitCode.FAILED, "as: missing")


@pytest.mark.parametrize("name", EXIT_CODE_BY_ERROR)
def test_named_errors_exist(name: str) -> None:
    module, _, cls = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), cls), Exception)


def test_usage_error_names_the_command_and_its_help() -> None:
    context = click.Context(
        click.Command("get"), info_name="get", parent=click.Context(click.Group(), info_name="tortie")
    )
    code, text = explain(click.UsageError("Missing argument 'KIND'.", ctx=context))
    assert (code, text) == (ExitCode.USAGE, "tortie get: Missing argument 'KIND' (see: tortie get --help)")


def test_executing_prefixes_operating_errors() -> None:
    with pytest.raises(CommandFailed, match=r"^Error executing command: invalid value 'x'$") as caught, executing():
        raise ConfigInvalid("invalid value 'x'")
    assert caught.value.exit_code is ExitCode.FAILED


def test_executing_leaves_defects_alone() -> None:
    with pytest.raises(ZeroDivisionError), executing():
        raise ZeroDivisionError
