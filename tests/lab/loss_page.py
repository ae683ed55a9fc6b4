"""The page that says what each change loses (docs/zero-loss.md), from the lines that a whole run has measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Line", "write_page"]


@dataclass(frozen=True)
class Line:
    """What was measured while something was done.

    Attributes:
        what: the change or fault.
        lab: topology.
        pairs: ordered pairs of containers, by each IP version that both have.
        seconds: from the first datagram to the last.
        sent, lost: datagrams, all pairs.
        outage_s: longest time that a pair was cut off.
        reset, kept, new, ended: sessions.
        resetting: the hosts whose sessions had to be reset.
    """

    what: str
    lab: str
    pairs: int
    seconds: float
    sent: int
    lost: int
    outage_s: float
    reset: int
    kept: int
    new: int
    ended: int
    resetting: Sequence[str]


COLUMNS: Final = (
    "change or fault", "lab", "pairs", "a second and pair", "sent", "lost", "longest outage", "sessions reset", "kept",
    "new", "ended",
)  # fmt: skip

HEAD: Final = """\
# What is lost

What is done to a running cluster, or happens to it, and what is lost meanwhile. Every row was measured with real agents
in a lab; a run of `tests/lab/test_zero_loss.py` wrote this page:

```sh
TORTIE_ZERO_LOSS_PAGE=docs/zero-loss.md scripts/test --all tests/lab/test_zero_loss.py
```

"""

METHOD: Final = """
Filters here are those that the pools make; rows for the resource BGPFilter follow with it.

## How it is measured

- **Numbered UDP datagrams, one way**, from a socket in the source container's network namespace to one in the
  destination's: every ordered pair of containers, {rate:g} a second and pair, spread evenly over time. No answer is
  sent, so each direction is judged by itself. `tortie lab probe` does the same by hand ([the lab](lab.md)).
- **Sent** is what left the sockets. When the prober has no processor it skips what was due and does not count it, so
  that a busy machine shows as a lower rate, not as a loss.
- **Lost** is what was sent and has not arrived {lost_after:g} s later. Each number counts once: neither duplicates nor
  what comes later make up for another. Datagrams that the prober's own sockets had no room for are counted apart (the
  kernel counts them), and a run with any fails.
- **Longest outage**: from the sending of the first of a run of lost datagrams of one pair to that of the next one that
  arrived.
- Datagrams begin before the change, and {after} of each pair follow after it is complete: all sessions there,
  End-of-RIB from every peer, nothing stale, kernels in sync. While an agent is down, {down} of each pair are sent.
- **Sessions** are those of all agents of the lab. One is *reset* when it was there before and is there afterwards, but
  not throughout; *new* and *ended* are those that the change asks for. The test fails when any other session is reset
  than those named, which must be: their agent was away, or what was changed stands in OPEN.
- "First" in a row is the right order: what is to take over comes first; when everybody has heard everything from it,
  what is to go goes.
"""


def write_page(path: Path, lines: Sequence[Line], notes: Sequence[str], **numbers: float) -> None:
    """Write the page.

    Args:
        path: where.
        lines: in order.
        notes: paragraphs of Markdown to stand below the table.
        numbers: of the method, by the words in braces.
    """
    columns = "| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|\n"
    table = "".join(_row(line) for line in lines)
    what_follows = "".join(f"\n{note}\n" for note in notes)
    path.write_text(HEAD + columns + table + what_follows + METHOD.format(**numbers), encoding="utf-8")


def _row(line: Line) -> str:
    rate = line.sent / line.pairs / line.seconds
    outage = f"{line.outage_s:.2f} s" if line.lost else "-"
    reset = f"{line.reset}, all of {', '.join(line.resetting)}" if line.resetting else line.reset
    cells = (
        line.what, line.lab, line.pairs, f"{rate:.0f}", line.sent, line.lost, outage, reset, line.kept, line.new,
        line.ended,
    )  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"
