"""Exit codes, and how an error becomes one clear line and one exit code.

What it is for: `reported` turns whatever a verb raised into a code and lines for standard error, never a
traceback (unless TORTIE_DEBUG is set). What it is NOT for: raising errors of its own, but for `CommandFailed`,
which a verb raises when it has said all there is to say.

Errors of lower packages are known by the name of their class, so that reporting one imports nothing heavy.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Final

import click

__all__ = ["EXIT_CODE_BY_ERROR", "EXIT_MEANINGS", "CommandFailed", "ExitCode", "executing", "explain"]


class ExitCode(IntEnum):
    """What the process ends with; `EXIT_MEANINGS` says when."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_PERMITTED = 4
    INTERNAL = 70
    INTERRUPTED = 130


EXIT_MEANINGS: Final = {
    ExitCode.OK: "Done.",
    ExitCode.FAILED: "Refused or failed: an invalid resource, one that exists already, an unknown name, a miss.",
    ExitCode.USAGE: "The command line itself is wrong: unknown option, missing argument.",
    ExitCode.UNREACHABLE: "The datastore, the agent or the lab that was asked is not there or does not answer.",
    ExitCode.NOT_PERMITTED: "The system refuses: not the rights for an address, a port, a file or a namespace.",
    ExitCode.INTERNAL: "A defect of tortie itself; TORTIE_DEBUG=1 shows the traceback.",
    ExitCode.INTERRUPTED: "Ended by Ctrl-C.",
}
"""What each exit code means, for the reference and the manual pages."""

EXIT_CODE_BY_ERROR: Final = {
    "tortie.store.errors.StoreUnavailable": ExitCode.UNREACHABLE,
    "tortie.node.errors.AgentUnreachable": ExitCode.UNREACHABLE,
    "tortie.node.errors.AgentNotPermitted": ExitCode.NOT_PERMITTED,
    "tortie.lab.errors.LabNotRunning": ExitCode.UNREACHABLE,
    "tortie.lab.errors.RequirementsMissing": ExitCode.NOT_PERMITTED,
    "tortie.node.standalone.StandaloneInvalid": ExitCode.FAILED,
}
"""Full class name → exit code; the most derived class that is named wins.

Any other operating error (a class of a package's ``errors`` module) is FAILED, or NOT_PERMITTED where it or its cause
carries an ``errno`` that says so.
"""

NOT_PERMITTED_ERRNOS: Final = frozenset({errno.EPERM, errno.EACCES})
UNREACHABLE_ERRNOS: Final = frozenset({errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT, errno.EHOSTUNREACH})


class CommandFailed(Exception):
    """A verb ends with a message and an exit code of its own.

    Attributes:
        exit_code: see `ExitCode`.
        message: lines for standard error; empty when all has been said.
    """

    def __init__(self, message: str = "", exit_code: ExitCode = ExitCode.FAILED) -> None:
        """Keep both."""
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


@contextmanager
def executing() -> Iterator[None]:
    """Report an operating error as calicoctl's `config` does: ``Error executing command: ...``."""
    try:
        yield
    except Exception as error:
        code, text = explain(error)
        if code is ExitCode.INTERNAL:
            raise
        raise CommandFailed(f"Error executing command: {text}", code) from error


def explain(error: BaseException) -> tuple[ExitCode, str]:
    """Return the exit code for an error and what to say of it on standard error.

    A group of errors (one that left an `asyncio.TaskGroup`) is explained by its members; the gravest code counts.
    Passwords of URLs and of the environment are hidden.
    """
    from tortie.node.redaction import redact, secrets_of_environment

    match error:
        case CommandFailed():
            code, text = error.exit_code, error.message
        case click.exceptions.NoArgsIsHelpError():
            code, text = ExitCode.USAGE, error.format_message()
        case click.UsageError():
            code, text = ExitCode.USAGE, _usage_error_text(error)
        case KeyboardInterrupt() | click.Abort():
            code, text = ExitCode.INTERRUPTED, "interrupted"
        case BaseExceptionGroup():
            parts = [explain(member) for member in error.exceptions]
            code, text = max(code for code, _ in parts), "\n".join(dict.fromkeys(text for _, text in parts))
        case _ if _is_own(error):
            code, text = _own_exit_code(error), str(error)
        case OSError():
            code, text = _explain_os_error(error)
        case _:
            code = ExitCode.INTERNAL
            text = f"internal error: {type(error).__name__}: {error} (TORTIE_DEBUG=1 shows where)"
    return code, redact(text, secrets_of_environment(os.environ))


def _is_own(error: BaseException) -> bool:
    """Tell whether the error is an operating error of one of our packages."""
    if _named_exit_code(error) is not None:
        return True
    modules = [cls.__module__ for cls in type(error).__mro__]
    return any(name.startswith("tortie.") and name.endswith(".errors") for name in modules)


def _own_exit_code(error: BaseException) -> ExitCode:
    code = _named_exit_code(error)
    if code is not None:
        return code
    numbers = {getattr(each, "errno", None) for each in (error, error.__cause__)}
    return ExitCode.NOT_PERMITTED if numbers & NOT_PERMITTED_ERRNOS else ExitCode.FAILED


def _named_exit_code(error: BaseException) -> ExitCode | None:
    for cls in type(error).__mro__:
        code = EXIT_CODE_BY_ERROR.get(f"{cls.__module__}.{cls.__qualname__}")
        if code is not None:
            return code
    return None


def _usage_error_text(error: click.UsageError) -> str:
    """Return what is wrong with the command line, and where to read how it is right."""
    text = error.format_message().rstrip(".")
    return text if error.ctx is None else f"{error.ctx.command_path}: {text} (see: {error.ctx.command_path} --help)"


def _explain_os_error(error: OSError) -> tuple[ExitCode, str]:
    text = error.strerror or str(error)
    if error.filename is not None:
        text = f"{error.filename}: {text}"
    if error.errno in NOT_PERMITTED_ERRNOS:
        return ExitCode.NOT_PERMITTED, f"{text} (root may be needed)"
    if error.errno in UNREACHABLE_ERRNOS:
        return ExitCode.UNREACHABLE, text
    return ExitCode.FAILED, text
