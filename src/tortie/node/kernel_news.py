"""What is worth a log line in the state of the kernel's routes, by comparison with what it was. Pure.

For: repairs, refusals, conflicts, lost events: as numbers, however many routes they concern. Not for: the state itself
(status, metrics).
"""

from collections.abc import Callable, Iterator, Mapping

from tortie.node.kernel_state import KernelStatus
from tortie.node.log import Log

__all__ = ["kernel_news"]

Say = Callable[..., None]
News = tuple[Say, str, Mapping[str, object]]


def kernel_news(log: Log, before: KernelStatus | None, now: KernelStatus) -> Iterator[News]:
    """Yield (method of the log, event, fields) of what has happened since `before`; None = since the start."""
    if repaired := now.repaired - (before.repaired if before else 0):
        yield log.warning, "kernel routes repaired", {"count": repaired, "reason": "somebody else had changed them"}
    if failures := now.failures - (before.failures if before else 0):
        yield log.error, "kernel refused routes", {"count": failures, "reason": now.last_error}
    if resyncs := now.resyncs - (before.resyncs if before else 0):
        yield log.warning, "kernel events lost, tables read again", {"count": resyncs}
    conflicts = now.conflict_count
    if conflicts != (before.conflict_count if before else 0):
        shown = "; ".join(now.conflicts[:3])
        yield log.warning, "foreign routes stand where ours are wanted", {"count": conflicts, "reason": shown}
    if before is not None and now.is_in_sync != before.is_in_sync:
        pending = {"pending": now.pending, "failed": now.failed_count}
        if now.is_in_sync:
            yield log.info, "kernel routes in sync", {"installed": now.installed}
        else:
            yield log.info, "kernel routes out of sync", pending
