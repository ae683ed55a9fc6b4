"""What `routes` prints: every path an agent knows, from the status socket's answer.

What it is for: text of at most 80 columns where addresses allow it: one line a path, its attributes
below it. What it
is NOT for: asking the agent (``agents.py``), JSON (printed as the agent gives it).

To know: a path is the JSON of ``bgp.engine``'s `RouteStatus`.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tortie.cli.tables import aligned_table

__all__ = ["paths_text"]

HEADINGS: Final = ("PREFIX", "NEXT HOP", "PEER", "AS PATH", "")
NOTHING: Final = "-"
NOT_USED: Final = "not used"
USED_TOO: Final = "used beside the best one"
INDENT: Final = "      "
WIDTH: Final = 80

Path = Mapping[str, Any]


def paths_text(paths: Sequence[Path]) -> str:
    """Return the paths as text, in the order given; the best one of a prefix is marked ``best``.

    Args:
        paths: `RouteStatus` as JSON.
    """
    if not paths:
        return "No paths.\n"
    table = aligned_table(HEADINGS, [_row(path) for path in paths]).splitlines()
    lines = [table[0]]
    for line, path in zip(table[1:], paths, strict=False):
        lines.append(line)
        lines.extend(_details(path))
    best_count = sum(bool(path["best"]) for path in paths)
    return "\n".join([*lines, "", f"{len(paths)} paths, {best_count} of them best", ""])


def _row(path: Path) -> list[str]:
    return [
        path["prefix"],
        path["next_hop"] or "self",
        path["peer"] or NOTHING,
        path["as_path"] or NOTHING,
        "best" if path["best"] else "",
    ]


def _details(path: Path) -> list[str]:
    """Return the indented lines below a path: why it is not best, and the attributes that are there."""
    attributes = [
        ("LOCAL_PREF", path["local_pref"]),
        ("MED", path["med"]),
        ("ORIGINATOR_ID", path["originator_id"]),
        ("CLUSTER_LIST", " ".join(path["cluster_list"]) or None),
        ("COMMUNITIES", " ".join(path["communities"]) or None),
        ("EXTENDED COMMUNITIES", " ".join(path["extended_communities"]) or None),
        ("ONLY_TO_CUSTOMER", path["only_to_customer"]),
        ("LARGE COMMUNITIES", " ".join(path["large_communities"]) or None),
    ]
    text = ", ".join(f"{name} {value}" for name, value in attributes if value is not None)
    why = "" if path["best"] else f"{USED_TOO if path['is_equal'] else NOT_USED}: {path['reason']}"
    return [
        line
        for part in (why, text)
        for line in textwrap.wrap(part, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    ]
