"""How `get` prints what it found: calicoctl's tables, YAML, JSON, chosen columns, Go templates.

What it is for: `Output`, the value of ``-o``, and `print_found`. What it is NOT for: finding resources
(``resources.py``), the columns of a table (``model.columns``), the language of templates (``go_template.py``).
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from tortie.cli.errors import CommandFailed
from tortie.cli.options import ApiVersion, OutputFormat
from tortie.cli.resources import Found
from tortie.cli.tables import aligned_table
from tortie.model import Resource, Secret
from tortie.model.columns import TableView, table
from tortie.model.v1 import lost_in_v1, to_v1

__all__ = ["Output", "data_text", "exported_data", "print_found"]

CLUSTER_SPECIFIC: Final = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
    "managedFields",
    "ownerReferences",
)
"""Metadata that means something in this datastore only; ``--export`` leaves it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What to print.

    Attributes:
        format: which of the forms.
        argument: columns, template or file of the forms that have one.
        api_version: in which generation's form; None: v1's columns where there are, v3's data.
        is_export: leave out what belongs to this datastore only.
        has_namespace: a NAMESPACE column whatever was found.
    """

    format: OutputFormat
    argument: str = ""
    api_version: ApiVersion | None = None
    is_export: bool = False
    has_namespace: bool = False

    @classmethod
    def from_text(cls, text: str, **rest: Any) -> "Output":  # noqa: ANN401 - the other attributes
        """Return what ``-o TEXT`` means."""
        name, _, argument = text.partition("=")
        return cls(format=OutputFormat(name), argument=argument, **rest)


def print_found(found: Sequence[Found], output: Output) -> None:
    """Print the resources, and on standard error what is wrong.

    Raises:
        CommandFailed: a resource that was named is not there; the others have been printed. Or the output asks for
            what there is not.
    """
    for line in dict.fromkeys(line for each in found for line in each.bad_records):
        sys.stderr.write(f"warning: cannot be used: {line}\n")
    shown = [each for each in found if each.resources or not each.request.names]
    if shown:
        click.echo(_text(shown, output), nl=False)
    missing = [line for each in found for line in each.missing]
    if missing:
        raise CommandFailed("\n".join(missing))


def _text(found: Sequence[Found], output: Output) -> str:
    match output.format:
        case OutputFormat.JSON | OutputFormat.YAML:
            return data_text(_data(found, output), output.format)
        case OutputFormat.GO_TEMPLATE:
            return _template(output.argument, found)
        case OutputFormat.GO_TEMPLATE_FILE:
            return _template(Path(output.argument).read_text(encoding="utf-8"), found)
        case _:
            return "".join(_table(each, output) for each in found)


def _table(found: Found, output: Output) -> str:
    namespaces = {resource.namespace for resource in found.resources} - {None}
    is_asked = output.has_namespace or found.request.namespace is not None
    is_custom = output.format is OutputFormat.CUSTOM_COLUMNS
    view = TableView(
        is_wide=output.format is OutputFormat.WIDE,
        is_v1=output.api_version is not ApiVersion.V3 and not is_custom,
        has_namespace=bool(namespaces) and not is_custom and (is_asked or len(namespaces) > 1),
        headings=tuple(output.argument.split(",")) if is_custom else None,
    )
    columns = table(found.request.kind, found.resources, found.as_number, view)
    return aligned_table(columns.headings, columns.rows)


def _data(found: Sequence[Found], output: Output) -> Any:  # noqa: ANN401 - JSON
    """Return the one resource that was named, else a list, as plain data."""
    form = _v1_data if output.api_version is ApiVersion.V1 else Resource.to_data
    documents = [form(resource) for each in found for resource in each.resources]
    if output.is_export:
        documents = [exported_data(document) for document in documents]
    is_one = len(found) == 1 and found[0].request.is_for_one and len(documents) == 1
    return documents[0] if is_one else documents


def exported_data(data: dict[str, Any]) -> dict[str, Any]:
    """Return a resource's plain data without what means something in this datastore only."""
    metadata = {name: value for name, value in data["metadata"].items() if name not in CLUSTER_SPECIFIC}
    return {**data, "metadata": metadata}


def _v1_data(resource: Resource) -> dict[str, Any]:
    """Return the v1 form; say on standard error what v1 has no field for."""
    lost = lost_in_v1(resource)
    if lost:
        sys.stderr.write(f"warning: {resource.kind} '{resource.name}': v1 has no field for {', '.join(lost)}\n")
    return to_v1(resource)


def data_text(data: object, form: str) -> str:
    """Return plain data as text; `form` is yaml or json."""
    if form == OutputFormat.JSON:
        return json.dumps(data, indent=2) + "\n"
    import yaml

    return yaml.safe_dump(data, sort_keys=False, default_flow_style=False, allow_unicode=True)


def _template(text: str, found: Sequence[Found]) -> str:
    from tortie.cli.go_template import render

    if any(isinstance(resource, Secret) for each in found for resource in each.resources):
        raise CommandFailed("go-template: a Secret's content is not printed")
    as_number = found[0].as_number

    def config(name: str) -> str:
        if name.lower() != "asnumber":
            raise CommandFailed(f"go-template: config '{name}': expected asnumber")
        return str(as_number)

    # calicoctl gives the resources that are named as they are, and those of a whole kind as a list with items.
    roots = [root for each in found for root in (each.resources if each.request.names else [{"items": each.resources}])]
    return render(text, roots, config)
