"""What `lab probe` prints: the pairs of containers between which datagrams were lost, and the totals.

What it is for: a report as text and as plain data. What it is NOT for: sending and counting (``lab.probe``).
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from tortie.cli.tables import aligned_table
from tortie.lab.probe import DatagramReport, StreamReport

__all__ = ["is_clean", "report_data", "report_text"]

HEADINGS = ("SOURCE", "DESTINATION", "ADDRESS", "SENT", "LOST", "FIRST", "LAST", "OUTAGE")


def is_clean(report: DatagramReport) -> bool:
    """Tell whether nothing was lost, and the numbers say so of the network."""
    return report.lost == 0 and report.overflowed == 0


def report_data(report: DatagramReport) -> dict[str, Any]:
    """Return a report as plain data, totals first."""
    totals = {
        "sent": report.sent,
        "received": report.received,
        "lost": report.lost,
        "outage_max_s": report.outage_max_s,
    }
    return {**totals, **asdict(report)}


def report_text(name: str, report: DatagramReport) -> str:
    """Return a report as text.

    Args:
        name: of the lab.
        report: what was counted.
    """
    rows = [_row(pair) for pair in report.pairs if pair.missing]
    table = aligned_table(HEADINGS, rows) if rows else ""
    return table + "".join(line + "\n" for line in (_totals(name, report), *_remarks(report)))


def _row(pair: StreamReport) -> list[str]:
    numbers = (pair.sent, pair.missing, pair.first_missing, pair.last_missing)
    return [pair.source, pair.destination, pair.address, *map(str, numbers), f"{pair.outage_max_s:.2f} s"]


def _totals(name: str, report: DatagramReport) -> str:
    ways = f"lab '{name}': {len(report.pairs)} pairs, {report.rate_hz:g} datagrams a second each"
    return f"{ways}: {report.sent} sent, {report.received} received, {report.lost} lost"


def _remarks(report: DatagramReport) -> Iterator[str]:
    """Yield a line for each thing that puts the numbers into another light."""
    for doubt in report.doubts:
        yield f"not the network's fault: {doubt}"
    counts = (
        (report.refused, "refused by the host of the source, and counted as sent"),
        (report.skipped, "not sent: the prober had no processor when they were due"),
        (sum(pair.duplicates for pair in report.pairs), "arrived a second time"),
        (sum(pair.reordered for pair in report.pairs), "arrived out of order"),
        (sum(pair.late for pair in report.pairs), "arrived too late, and counted as lost"),
        (report.strays, "arrivals of what was never sent there"),
    )
    for count, text in counts:
        if count:
            yield f"{count} {text}"
