"""Words that a shell completes: names of resources and nodes from the datastore, topologies of the lab.

What it is for: functions that click calls with what has been typed so far. What it is NOT for: verbs and options, which
click completes itself. A datastore that cannot be read completes nothing, and says nothing: a person is typing.
"""

from collections.abc import Callable, Sequence
from typing import Final

import click
from click.shell_completion import CompletionItem

from tortie.cli.errors import ExitCode, explain

__all__ = ["complete_names", "complete_nodes", "complete_topologies", "completed"]

NODE_KIND: Final = "node"

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completed(known: Sequence[str]) -> Complete:
    """Return what completes one of the known words, in any case."""
    return lambda _context, _parameter, start: _starting(known, start)


def complete_names(context: click.Context, _parameter: click.Parameter, start: str) -> list[CompletionItem]:
    """Return the names of the resources of the kind typed before, but for those typed already."""
    typed = context.params.get("names") or ()
    found = _names(context, str(context.params.get("kind") or ""))
    return _starting([name for name in found if name not in typed], start)


def complete_nodes(context: click.Context, _parameter: click.Parameter, start: str) -> list[CompletionItem]:
    """Return the names of nodes."""
    return _starting(_names(context, NODE_KIND), start)


def complete_topologies(_context: click.Context, _parameter: click.Parameter, start: str) -> list[CompletionItem]:
    """Return the topologies that are shipped."""
    from tortie.lab.topology import known_topologies

    return _starting(known_topologies(), start)


def _names(context: click.Context, kind: str) -> list[str]:
    from tortie.cli.datastore import with_resources
    from tortie.model import find_kind

    try:
        find_kind(kind)
        found = with_resources(context.params.get("datastore"), lambda store: store.list(kind), may_create=False)
    except Exception as error:
        if explain(error)[0] is ExitCode.INTERNAL:
            raise
        return []
    return [resource.metadata.name for resource in found]


def _starting(words: Sequence[str], start: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.lower().startswith(start.lower())]
