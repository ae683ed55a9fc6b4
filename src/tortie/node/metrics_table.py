"""Every metric of ours: name, type, labels and meaning, in one table.

For: exposition (`metrics_text`), documentation (docs/metrics.md, held against this table by a test) and the alerts.
Not for: values. No label has a node, a peer, a prefix or a free text in it: the number of series depends on this table
alone, and not on how large the network is.
Structures to know: `METRICS`, `Sample`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tortie.node.histogram import Histogram

__all__ = ["METRICS", "Metric", "Sample", "Samples"]

Sample = tuple[str, tuple[str, ...], float | Histogram]
"""Name, values of the labels in the table's order, value."""

Samples = Iterable[Sample]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        kind: "gauge", "counter" or "histogram".
        labels: names of the labels.
        text: what it says, one line.
    """

    kind: str
    labels: tuple[str, ...]
    text: str


def _gauge(text: str, *labels: str) -> Metric:
    return Metric("gauge", labels, text)


def _counter(text: str, *labels: str) -> Metric:
    return Metric("counter", labels, text)


def _histogram(text: str) -> Metric:
    return Metric("histogram", (), text)


METRICS: Final[dict[str, Metric]] = {
    # every speaker
    "tortie_build_info": _gauge("Always 1; the version and role of this process", "version", "role"),
    "tortie_sessions": _gauge("BGP sessions by state and kind of peer", "state", "kind"),
    "tortie_sessions_sending": _gauge("Sessions whose socket has not taken all that was to be sent"),
    "tortie_session_ups_total": _counter("Times that a session was established"),
    "tortie_session_resets_total": _counter("Ends of established sessions by reason", "reason"),
    "tortie_session_failures_total": _counter("Failed attempts and failures of sessions, established or not"),
    "tortie_refused_connections_total": _counter("Connections of peers that nobody configured"),
    "tortie_evicted_connections_total": _counter("Peers of ranges that made room before they had a session"),
    "tortie_accept_errors_total": _counter("Connections that could not be accepted"),
    "tortie_listen_failures": _gauge("Addresses that cannot be listened on at present"),
    "tortie_routes": _gauge("Routes held by family and table", "family", "table"),
    "tortie_update_groups": _gauge("Update groups: peers that are sent the same bytes", "family"),
    "tortie_received_messages_total": _counter("BGP messages received", "type"),
    "tortie_sent_messages_total": _counter("BGP messages sent", "type"),
    "tortie_received_bytes_total": _counter("Octets received on BGP connections"),
    "tortie_sent_bytes_total": _counter("Octets handed to BGP connections"),
    "tortie_malformed_updates_total": _counter("Errors in UPDATEs by what RFC 7606 asks for", "disposition"),
    "tortie_update_propagation_seconds": _histogram(
        "From the oldest input of a batch of changes until the last member of an update group was sent it"
    ),
    "tortie_log_lines_total": _counter("Log lines written", "level"),
    "tortie_log_lines_suppressed_total": _counter("Log lines held back by the limit on what repeats"),
    # with a datastore
    "tortie_datastore_connected": _gauge("1 while the datastore answers"),
    "tortie_datastore_held": _gauge("1 while it answers with what is not obeyed until confirmed"),
    "tortie_datastore_contact_age_seconds": _gauge("Seconds since the datastore was lost; 0 while it answers"),
    "tortie_datastore_revision": _gauge("Last revision taken from the datastore"),
    "tortie_datastore_acted_revision": _gauge("Last revision that what is done now was made from"),
    "tortie_datastore_lag_seconds": _gauge("Age of the oldest state taken that is not acted on; 0: none is"),
    "tortie_datastore_connects_total": _counter("Times that the datastore was found, the first one included"),
    "tortie_datastore_losses_total": _counter("Times that the datastore was lost"),
    "tortie_datastore_apply_seconds": _histogram("From a change taken from the datastore until it was acted on"),
    "tortie_intent_source": _gauge("1 for where what is done now comes from", "source"),
    "tortie_quarantined_records": _gauge("Records set aside by kind and class of reason", "kind", "reason"),
    # a node
    "tortie_kernel_in_sync": _gauge("1 while the kernel holds what it should and nothing was refused"),
    "tortie_kernel_routes": _gauge("Kernel routes by state", "state"),
    "tortie_kernel_lag_seconds": _gauge("Age of the oldest change that is not in the kernel yet; 0: none waits"),
    "tortie_kernel_repairs_total": _counter("Writes that undid what somebody else did"),
    "tortie_kernel_write_errors_total": _counter("Writes that the kernel refused"),
    "tortie_kernel_scans_total": _counter("Full scans of the kernel's tables"),
    "tortie_kernel_resyncs_total": _counter("Scans that lost events forced"),
    "tortie_kernel_write_seconds": _histogram(
        "From a change of a batch of routes until the kernel had acknowledged all of it"
    ),
}
