"""A document of plain data with line numbers, and limits on what is read.

`Document` is what both readers give. What it is NOT for: reading (``yaml_composer.py``, ``text_reader.py``).
"""

from dataclasses import dataclass, field
from typing import Any, Final

NESTING_MAX: Final = 50
"""Levels of lists and mappings in a manifest."""
VALUE_COUNT_MAX: Final = 2_000_000
"""Scalars, lists and mappings in one text; an alias counts what it stands for, each time."""


@dataclass(slots=True)
class Document:
    """One document of a text.

    Attributes:
        data: dicts, lists, text, numbers, booleans, None.
        lines: path (``spec.communities[2].value``, "" for the whole) → line from 1.
    """

    data: Any
    lines: dict[str, int] = field(default_factory=dict)

    def line_at(self, path: str) -> int | None:
        """Return the line of a path, or of its nearest parent that has one."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.lines.get("")
