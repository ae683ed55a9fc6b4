"""Tables as text: the tab-aligned kind of `get` and the boxed kind of `node status`.

What it is for: both forms that calicoctl prints, from headings and rows of text. What it is NOT for: choosing
columns (``model.columns`` for resources, ``sessions.py`` and ``paths.py`` for an agent's).
"""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

__all__ = ["aligned_table", "boxed_table"]

CELL_PADDING: Final = 3
CELL_WIDTH_MIN: Final = 5
BOXED_WIDTH_MAX: Final = 80
LAST_COLUMN_WIDTH_MIN: Final = 12


def aligned_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table as calicoctl's `get` prints it: three spaces between columns, a blank line after.

    Args:
        headings: one a column.
        rows: each as long as `headings`.
    """
    lines = [headings, *rows]
    widths = [max(CELL_WIDTH_MIN, max(map(len, column)) + CELL_PADDING) for column in zip(*lines, strict=True)]
    text = "".join(
        "".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )
    return text + "\n"


def boxed_table(headings: Sequence[str], rows: Sequence[Sequence[str]], width_max: int = BOXED_WIDTH_MAX) -> str:
    """Return a table with a drawn box, headings centred, as calicoctl's `node status` prints it.

    A table that would be wider than `width_max` characters folds its last column, down to
    LAST_COLUMN_WIDTH_MAX; nothing is ever cut off.
    """
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    excess = sum(widths) + 3 * len(widths) + 1 - width_max
    if excess > 0:
        widths[-1] = max(widths[-1] - excess, min(LAST_COLUMN_WIDTH_MIN, widths[-1]), len(headings[-1]))
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    body = [_boxed_line(line, widths) for row in rows for line in _folded(row, widths[-1])]
    head = _boxed_line([_centred(text, width) for text, width in zip(headings, widths, strict=True)], widths)
    return "\n".join([rule, head, rule, *body, rule]) + "\n"


def _folded(row: Sequence[str], last_width: int) -> Iterator[list[str]]:
    """Yield the row, its last cell folded over as many lines as it needs."""
    parts = textwrap.wrap(row[-1], last_width, break_on_hyphens=False) or [""]
    yield [*row[:-1], parts[0]]
    for part in parts[1:]:
        yield [*("" for _ in row[:-1]), part]


def _boxed_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"


def _centred(text: str, width: int) -> str:
    """Return the text centred, the odd space on its right."""
    left = (width - len(text)) // 2
    return " " * left + text + " " * (width - len(text) - left)
