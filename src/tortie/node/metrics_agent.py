"""What an agent says in metrics besides its speaker: the datastore, the kernel, the quarantine.

For: samples, and the few numbers that only the agent can take down when something happens. Not for: text
(`metrics_text`), nor what to do about it (docs/metrics.md).
Structures to know: `DatastoreMeasures`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from tortie.fabric import Quarantined
from tortie.fabric.quarantine import REASON_CLASSES, reason_class
from tortie.model import KINDS
from tortie.node.histogram import Histogram
from tortie.node.kernel_state import KernelStatus
from tortie.node.metrics_table import Samples
from tortie.store import StoreStatus

__all__ = ["DatastoreMeasures", "intent_samples", "kernel_samples"]

OTHER_KIND: Final = "other"
INTENT_SOURCES: Final = ("none", "disk", "datastore")


class DatastoreMeasures:
    """What happens between the datastore and the agent; times are the event loop's."""

    def __init__(self, now: float) -> None:
        """The datastore was not asked yet."""
        self.apply_times = Histogram()
        self._status: StoreStatus | None = None
        self._lost_at = now
        self._unacted_since: float | None = None
        self._connect_count = 0
        self._loss_count = 0

    def note_status(self, status: StoreStatus, now: float) -> None:
        """The datastore was found, lost or is not believed."""
        was_connected = self._status is not None and self._status.is_connected
        if status.is_connected and not was_connected:
            self._connect_count += 1
        elif was_connected and not status.is_connected:
            self._loss_count += 1
            self._lost_at = now
        if status.is_held and self._unacted_since is None:
            self._unacted_since = now
        elif self._status is not None and self._status.is_held and not status.is_held:
            self._unacted_since = None  # put right, or confirmed: what follows is acted on
        self._status = status

    def note_acted(self, received_at: float, now: float) -> None:
        """What came is now done."""
        self.apply_times.observe(now - received_at)
        self._unacted_since = None

    def note_withheld(self, received_at: float) -> None:
        """What came is not acted on."""
        if self._unacted_since is None:
            self._unacted_since = received_at

    def samples(self, seen_revision: int, acted_revision: int, now: float) -> Samples:
        """Yield what there is to say of the datastore."""
        is_connected = self._status is not None and self._status.is_connected
        is_held = self._status is not None and self._status.is_held
        lag_s = 0.0 if self._unacted_since is None else now - self._unacted_since
        yield "tortie_datastore_connected", (), is_connected
        yield "tortie_datastore_held", (), is_held
        yield "tortie_datastore_contact_age_seconds", (), 0.0 if is_connected else now - self._lost_at
        yield "tortie_datastore_revision", (), seen_revision
        yield "tortie_datastore_acted_revision", (), acted_revision
        yield "tortie_datastore_lag_seconds", (), lag_s
        yield "tortie_datastore_connects_total", (), self._connect_count
        yield "tortie_datastore_losses_total", (), self._loss_count
        yield "tortie_datastore_apply_seconds", (), self.apply_times


def intent_samples(intent_from: str, quarantine: Sequence[Quarantined]) -> Samples:
    """Yield where what is done comes from, and which records have no part in it."""
    for source in INTENT_SOURCES:
        yield "tortie_intent_source", (source,), source == intent_from
    kinds = (*KINDS, OTHER_KIND)
    counts = Counter(
        (item.kind if item.kind in KINDS else OTHER_KIND, reason_class(item.reason)) for item in quarantine
    )
    for kind in kinds:
        for reason in REASON_CLASSES:
            yield "tortie_quarantined_records", (kind, reason), counts[kind, reason]


def kernel_samples(status: KernelStatus, lag_s: float, write_times: Histogram) -> Samples:
    """Yield how the kernel's routes stand."""
    yield "tortie_kernel_in_sync", (), status.is_in_sync
    yield "tortie_kernel_lag_seconds", (), lag_s
    yield "tortie_kernel_repairs_total", (), status.repaired
    yield "tortie_kernel_write_errors_total", (), status.failures
    yield "tortie_kernel_scans_total", (), status.scans
    yield "tortie_kernel_resyncs_total", (), status.resyncs
    yield "tortie_kernel_write_seconds", (), write_times
    states = {
        "desired": status.desired,
        "installed": status.installed,
        "pending": status.pending,
        "stale": status.stale,
        "waiting": status.waiting,
        "failed": status.failed_count,
        "conflict": status.conflict_count,
        "learned": status.learned,
    }
    for state, count in states.items():
        yield "tortie_kernel_routes", (state,), count
