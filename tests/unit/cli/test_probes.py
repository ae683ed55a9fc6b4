"""What `lab probe` prints."""

from dataclasses import replace

import pytest

from tortie.cli.probes import is_clean, report_data, report_text
from tortie.lab.probe import DatagramReport, StreamReport

PAIR = StreamReport(
    source="a", destination="b", address="10.0.0.2", version=4, sent=100, received=100, missing=0, duplicates=0,
    reordered=0, late=0, first_missing=None, last_missing=None, outage_max_s=0.0,
)  # fmt: skip
BACK = replace(PAIR, source="b", destination="a", address="10.0.0.1")
CUT = replace(BACK, received=90, missing=10, first_missing=7, last_missing=16, outage_max_s=0.1)
CLEAN = DatagramReport(
    rate_hz=10.0, skipped=0, refused=0, strays=0, overflowed=0, machine_dropped=0, pairs=(PAIR, BACK)
)


def test_nothing_lost() -> None:
    assert (
        report_text("seed", CLEAN)
        == "lab 'seed': 2 pairs, 10 datagrams a second each: 200 sent, 200 received, 0 lost\n"
    )
    assert is_clean(CLEAN)


def test_pairs_that_lost() -> None:
    report = replace(CLEAN, pairs=(PAIR, CUT))
    assert report_text("seed", report).splitlines() == [
        "SOURCE   DESTINATION   ADDRESS    SENT   LOST   FIRST   LAST   OUTAGE",
        "b        a             10.0.0.1   100    10     7       16     0.10 s",
        "",
        "lab 'seed': 2 pairs, 10 datagrams a second each: 200 sent, 190 received, 10 lost",
    ]
    assert not is_clean(report)


@pytest.mark.parametrize(
    ("report", "line", "is_good"),
    [
        (replace(CLEAN, overflowed=10, pairs=(PAIR, CUT)),
         "not the network's fault: the prober's own receive buffers overflowed: 10 packets", False),
        (replace(CLEAN, machine_dropped=3),
         "not the network's fault: the machine's queue between interfaces was full (net.core.netdev_max_backlog): "
         "3 packets", True),
        (replace(CLEAN, refused=4), "4 refused by the host of the source, and counted as sent", True),
        (replace(CLEAN, skipped=5), "5 not sent: the prober had no processor when they were due", True),
        (replace(CLEAN, strays=6), "6 arrivals of what was never sent there", True),
        (replace(CLEAN, pairs=(replace(PAIR, duplicates=1), BACK)), "1 arrived a second time", True),
        (replace(CLEAN, pairs=(replace(PAIR, reordered=2), BACK)), "2 arrived out of order", True),
        (replace(CLEAN, pairs=(replace(PAIR, late=3), BACK)), "3 arrived too late, and counted as lost", True),
    ],
    ids=["overflowed", "machine", "refused", "skipped", "strays", "duplicates", "reordered", "late"],
)  # fmt: skip
def test_remarks(report: DatagramReport, line: str, is_good: bool) -> None:
    assert report_text("seed", report).splitlines()[-1] == line
    assert is_clean(report) is is_good
    assert report.lost == 0


def test_data_has_totals_and_pairs() -> None:
    data = report_data(replace(CLEAN, pairs=(PAIR, CUT)))
    assert (data["sent"], data["received"], data["lost"], data["outage_max_s"]) == (200, 190, 10, 0.1)
    assert data["pairs"][1]["first_missing"] == 7
