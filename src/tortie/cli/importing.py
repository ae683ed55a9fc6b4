"""What the verbs of `import` have in common: show what would be written, ask, write.

What it is NOT for: reading the source (the verbs), comparing and writing (``change.importing``).
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence

import click

from tortie.change.importing import Existing, ImportStep, Intention, carry_out, plan_import
from tortie.cli.datastore import with_resources
from tortie.cli.errors import CommandFailed
from tortie.cli.options import TextOrJSON
from tortie.cli.tables import aligned_table
from tortie.model.v1.etcd2 import ImportedDump, PassedOver
from tortie.store import Snapshot, StoreMissing

__all__ = ["import_resources"]

MARKS = {
    Intention.CREATE: "create",
    Intention.REPLACE: "replace (differs from what is stored)",
    Intention.KEEP: "keep what is stored (differs)",
    Intention.SAME: "nothing (stored already)",
    Intention.CONFLICT: "refused (differs from what is stored)",
}


def import_resources(
    dump: ImportedDump,
    datastore: str | None,
    *,
    existing: Existing,
    is_dry_run: bool,
    is_sure: bool,
    output: TextOrJSON,
) -> None:
    """Show what a dump means for the datastore, ask if there is somebody to ask, and write.

    Raises:
        CommandFailed: there are problems or conflicts, nobody said yes, or nobody can be asked; nothing was written.
    """
    steps = plan_import(_stored(datastore), dump.resources, existing)
    _show(steps, dump, output)
    writes = [step for step in steps if step.is_write]
    conflicts = [step for step in steps if step.intention is Intention.CONFLICT]
    if dump.problems:
        count = len(dump.problems)
        raise CommandFailed(
            f"nothing was written: {count} key(s) cannot be used; take them out of the dump, or mend them"
        )
    if conflicts:
        raise CommandFailed(
            f"nothing was written: {len(conflicts)} resource(s) are stored and differ; "
            "--existing keep leaves them as they are, --existing replace writes over them"
        )
    if is_dry_run or not writes:
        return
    if not is_sure:
        _ask(len(writes))
    with click.progressbar(length=len(writes), label="writing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        with_resources(datastore, lambda store: carry_out(store, steps, lambda: bar.update(1)))
    if output is TextOrJSON.TEXT:
        click.echo(f"Successfully imported {len(writes)} resource(s)")


def _stored(datastore: str | None) -> Snapshot:
    """Return what is stored; nothing, where there is no datastore yet: showing a plan makes none."""
    try:
        return with_resources(datastore, lambda store: store.snapshot(), may_create=False)
    except StoreMissing:
        return Snapshot(0, [], [])


def _ask(count: int) -> None:
    if not sys.stdin.isatty():
        raise CommandFailed(f"nothing was written: --yes says that these {count} resource(s) are to be written")
    if not click.confirm(f"Write {count} resource(s)?", err=True):
        raise CommandFailed("nothing was written")


def _show(steps: Sequence[ImportStep], dump: ImportedDump, output: TextOrJSON) -> None:
    if output is TextOrJSON.JSON:
        click.echo(json.dumps(_as_data(steps, dump), indent=2))
        return
    rows = [[step.resource.kind, _name(step), MARKS[step.intention]] for step in steps]
    click.echo(aligned_table(["KIND", "NAME", "WHAT IS DONE"], rows), nl=False)
    for reason, count in sorted(Counter(item.reason for item in dump.passed_over).items()):
        click.echo(f"{count} key(s) passed over: {reason}")
    for item in dump.problems:
        click.echo(f"cannot be used: {item.key}: {item.reason}", err=True)


def _as_data(steps: Sequence[ImportStep], dump: ImportedDump) -> dict[str, object]:
    return {
        "resources": [{"intention": step.intention.value, "resource": step.resource.to_data()} for step in steps],
        "passed_over": [_key_data(item) for item in dump.passed_over],
        "problems": [_key_data(item) for item in dump.problems],
    }


def _key_data(item: PassedOver) -> dict[str, str]:
    return {"key": item.key, "reason": item.reason}


def _name(step: ImportStep) -> str:
    resource = step.resource
    return f"{resource.namespace}/{resource.name}" if resource.namespace else resource.name
