"""What of the kernel's routes is worth a line."""

from dataclasses import replace

from tortie.node.kernel_news import kernel_news
from tortie.node.kernel_state import KernelStatus, KernelSyncConfig
from tortie.node.kernel_sync import KernelSync
from tortie.node.log import Log

BEFORE = replace(KernelSync(KernelSyncConfig()).status(), is_in_sync=True, installed=3)


def news(before: KernelStatus | None, now: KernelStatus) -> list[tuple[str, str, dict[str, object]]]:
    return [(say.__name__, event, dict(fields)) for say, event, fields in kernel_news(Log(), before, now)]


def test_nothing_happened() -> None:
    assert news(BEFORE, BEFORE) == news(None, BEFORE) == []


def test_all_that_can_happen() -> None:
    now = replace(
        BEFORE, is_in_sync=False, repaired=4, failures=2, last_error="no", resyncs=1, conflict_count=5,
        conflicts=("a", "b", "c", "d"), pending=6, failed_count=2,
    )  # fmt: skip
    assert news(BEFORE, now) == [
        ("warning", "kernel routes repaired", {"count": 4, "reason": "somebody else had changed them"}),
        ("error", "kernel refused routes", {"count": 2, "reason": "no"}),
        ("warning", "kernel events lost, tables read again", {"count": 1}),
        ("warning", "foreign routes stand where ours are wanted", {"count": 5, "reason": "a; b; c"}),
        ("info", "kernel routes out of sync", {"pending": 6, "failed": 2}),
    ]
    assert news(now, now) == [], "each is told once"
    assert news(now, BEFORE)[-1] == ("info", "kernel routes in sync", {"installed": 3})


def test_the_first_look_counts_from_the_start() -> None:
    assert news(None, replace(BEFORE, repaired=4))[0][2]["count"] == 4
