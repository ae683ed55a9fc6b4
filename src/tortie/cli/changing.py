"""What create, apply, replace and delete have in common: read resources, change them, say how far it came.

What it is for: calicoctl's messages for a list of resources. What it is NOT for: the change itself
(``change.apply``).
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from tortie.change import Action, ChangeResult, change_items
from tortie.cli.datastore import with_resources
from tortie.cli.errors import CommandFailed, explain
from tortie.cli.options import Source
from tortie.fabric import annotation_problem
from tortie.model import ManifestItem, ModelError, load_items
from tortie.model.text_reader import read_documents

__all__ = [
    "change_from_file",
    "change_read",
    "check_source",
    "read_manifests",
    "read_patch",
    "read_source",
    "read_text",
    "report_change",
]

STANDARD_INPUT: Final = "-"
MANIFEST_SUFFIXES: Final = (".yaml", ".yml", ".json")
PAST: Final = {
    Action.CREATE: "created",
    Action.APPLY: "applied",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
}


def change_from_file(
    action: Action,
    source: Source,
    datastore: str | None,
    *,
    namespace: str | None = None,
    may_skip: bool = False,
) -> None:
    """Carry out the action on every resource of a file or folder, and print how far it came.

    Raises:
        CommandFailed: one was refused, or the file holds none.
        ModelError: the file cannot be used; nothing was changed.
    """
    items = [
        _in_namespace(item, namespace) for item in read_source(source, checks_annotations=action is not Action.DELETE)
    ]
    if items:
        change_read(action, items, datastore, may_skip=may_skip)


def change_read(
    action: Action, items: Sequence[ManifestItem], datastore: str | None, *, may_skip: bool = False
) -> None:
    """Do the same with resources that have been read; at least one.

    Raises:
        CommandFailed: one was refused.
    """
    result = with_resources(datastore, lambda store: change_items(store, action, items, may_skip=may_skip))
    report_change(result, (item.kind_text for item in items))


def read_source(source: Source, *, checks_annotations: bool = False) -> list[ManifestItem]:
    """Return the resources of a file, of all YAML and JSON files of a folder by name, or of standard input.

    Raises:
        CommandFailed: there are none, and that was not said to be right; or an annotation of ours cannot be used.
    """
    items: list[ManifestItem] = []
    for file in _files(source):
        found = read_manifests(file)
        if checks_annotations:
            _check_annotations(found, file)
        items += found
    if not items and not source.may_be_empty:
        raise CommandFailed("No resources specified in file")
    return items


def check_source(source: Source) -> int:
    """Read every file of a source and return the count of resources.

    Raises:
        CommandFailed: what is wrong, of all files; or there are no resources, and that was not said to be right.
    """
    wrong, count = [], 0
    for file in _files(source):
        try:
            count += len(read_manifests(file))
        except ModelError as error:
            wrong.append(str(error))
    if wrong:
        raise CommandFailed("\n".join(wrong))
    if not count and not source.may_be_empty:
        raise CommandFailed("No resources specified in file")
    return count


def read_patch(text: str) -> object:
    """Return the plain data of a patch given on the command line.

    Raises:
        CommandFailed: it is no YAML or JSON, or several documents.
    """
    documents = read_documents(text, "--patch")
    if len(documents) != 1:
        raise CommandFailed("--patch: expected one mapping, as YAML or JSON")
    return documents[0].data


def _files(source: Source) -> list[Path]:
    if str(source.file) == STANDARD_INPUT or not source.file.is_dir():
        return [source.file]
    found = source.file.rglob("*") if source.is_recursive else source.file.iterdir()
    return sorted(file for file in found if file.suffix in MANIFEST_SUFFIXES and file.is_file())


def _in_namespace(item: ManifestItem, namespace: str | None) -> ManifestItem:
    """Put a resource that names no namespace of its own into this one."""
    resource = item.resource
    if namespace is None or not resource.IS_NAMESPACED or "namespace" in resource.metadata.model_fields_set:
        return item
    return replace(item, resource=resource.with_metadata(namespace=namespace))


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
