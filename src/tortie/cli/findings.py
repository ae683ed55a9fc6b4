"""What `node check` prints: a line for each finding, and below it the line to type.

What it is for: text of at most 80 columns. What it is NOT for: finding anything (``node.host_checks``).
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["findings_text"]

WIDTH: Final = 80
SUBJECT_WIDTH: Final = 12
INDENT: Final = " " * 6

Finding = Mapping[str, str]


def findings_text(findings: Sequence[Finding]) -> str:
    """Return findings as text, in the order given, and a sum.

    Args:
        findings: level, subject, text and remedy of each. A line to type is never folded: it is to be copied.
    """
    lines = [line for finding in findings for line in _lines(finding)]
    counts = {level: sum(finding["level"] == level for finding in findings) for level in ("fail", "warn", "ok")}
    total = f"{counts['fail']} failed, {counts['warn']} to look at, {counts['ok']} in order"
    return "\n".join([*lines, "", total, ""])


def _lines(finding: Finding) -> list[str]:
    first = f"{finding['level']:<5} {finding['subject']:<{SUBJECT_WIDTH}} "
    text = textwrap.wrap(finding["text"], WIDTH - len(first), break_on_hyphens=False)
    remedy = [f"{INDENT}{line}" for line in finding["remedy"].splitlines()]
    if remedy:
        remedy[0] = f"{INDENT}type: {remedy[0].strip()}"
    return [first + text[0], *(" " * len(first) + line for line in text[1:]), *remedy]
