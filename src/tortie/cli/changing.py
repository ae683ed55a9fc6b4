"""What create, apply, replace and delete have in common: read resources, change them, say how far it came.

What it is for: calicoctl's messages for a list of resources. What it is NOT for: the change itself
(``change.apply``).
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from tortie.change import Action, ChangeResult, change_items
from tortie.cli.datastore import with_resources
from tortie.cli.errors import CommandFailed, explain
from tortie.fabric import annotation_problem
from tortie.model import ManifestItem, load_items

__all__ = ["change_from_file", "read_manifests", "read_text", "report_change"]

STANDARD_INPUT: Final = "-"
PAST: Final = {
    Action.CREATE: "created",
    Action.APPLY: "applied",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
}


def change_from_file(action: Action, file: Path, datastore: str | None, *, may_skip: bool = False) -> None:
    """Carry out the action on every resource of a file, and print how far it came.

    Raises:
        CommandFailed: one was refused, or the file holds none.
        ModelError: the file cannot be used; nothing was changed.
    """
    items = read_manifests(file)
    if not items:
        raise CommandFailed("No resources specified in file")
    if action is not Action.DELETE:
        _check_annotations(items, file)
    result = with_resources(datastore, lambda store: change_items(store, action, items, may_skip=may_skip))
    report_change(result, (item.kind_text for item in items))


def _check_annotations(items: Iterable[ManifestItem], file: Path) -> None:
    for item in items:
        problem = annotation_problem(item.resource)
        if problem is not None:
            where = str(file) if item.line is None else f"{file}:{item.line}"
            raise CommandFailed(f"{where}: {item.kind_text} '{item.resource.name}': {problem}")


def read_manifests(file: Path) -> list[ManifestItem]:
    """Return the resources of a YAML or JSON file, or of standard input when it is named ``-``."""
    return load_items(read_text(file), str(file))


def read_text(file: Path) -> str:
    """Return the text of a file, or of standard input when it is named ``-``.

    Raises:
        CommandFailed: it is no UTF-8.
    """
    data = sys.stdin.buffer.read() if str(file) == STANDARD_INPUT else file.read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise CommandFailed(f"{file}: not a text in UTF-8: {error.reason} at byte {error.start}") from error


def report_change(result: ChangeResult, kinds: Iterable[str]) -> None:
    """Print calicoctl's sentence for the result.

    Args:
        result: how far the action came.
        kinds: of all resources that were asked for, as messages spell them.

    Raises:
        CommandFailed: a resource was refused; with the reason, and the exit code that it stands for.
    """
    done, total, kind = result.handled_count, result.resource_count, set(kinds)
    past, quoted = PAST[result.action], f" '{kind.pop()}'" if len(kind) == 1 else ""
    if result.error is None:
        click.echo(f"Successfully {past} {done}{quoted} resource(s)")
        return
    code, reason = explain(result.error)
    if done:
        click.echo(f"Partial success: {past} the first {done} out of {total}{quoted} resources:")
        raise CommandFailed(f"Hit error: {reason}", code)
    which = f"{quoted} resource" if total == 1 else f" any{quoted} resources"
    raise CommandFailed(f"Failed to {result.action}{which}: {reason}", code)
