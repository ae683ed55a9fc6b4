"""The datastore, the kernel and the quarantine in numbers."""

from tortie.fabric import Quarantined
from tortie.fabric.quarantine import REASON_CLASSES, reason_class
from tortie.model import KINDS
from tortie.node.histogram import Histogram
from tortie.node.kernel_state import KernelSyncConfig
from tortie.node.kernel_sync import KernelSync
from tortie.node.metrics_agent import DatastoreMeasures, intent_samples, kernel_samples
from tortie.node.metrics_table import METRICS, Samples
from tortie.store import StoreStatus

CONNECTED = StoreStatus(is_connected=True, is_held=False, text="", revision=7)
HELD = StoreStatus(is_connected=True, is_held=True, text="empty", revision=7)
LOST = StoreStatus(is_connected=False, is_held=False, text="gone", revision=7)


def values(samples: Samples) -> dict[tuple[str, ...], object]:
    found: dict[tuple[str, ...], object] = {}
    for name, labels, value in samples:
        assert len(labels) == len(METRICS[name].labels)
        assert (name, *labels) not in found
        found[name, *labels] = value
    return found


def datastore(measures: DatastoreMeasures, now: float) -> dict[str, object]:
    return {
        key[0].removeprefix("tortie_datastore_"): value for key, value in values(measures.samples(9, 8, now)).items()
    }


def test_a_datastore_that_was_never_there() -> None:
    found = datastore(DatastoreMeasures(10.0), 15.0)
    assert (found["connected"], found["contact_age_seconds"], found["connects_total"], found["losses_total"]) == (
        0,
        5,
        0,
        0,
    )
    assert (found["revision"], found["acted_revision"], found["lag_seconds"]) == (9, 8, 0)


def test_found_lost_and_found() -> None:
    measures = DatastoreMeasures(10.0)
    measures.note_status(CONNECTED, 11.0)
    assert datastore(measures, 15.0)["contact_age_seconds"] == 0
    measures.note_status(LOST, 20.0)
    measures.note_status(LOST, 25.0)
    found = datastore(measures, 30.0)
    assert (found["connected"], found["contact_age_seconds"], found["losses_total"]) == (0, 10, 1)
    measures.note_status(CONNECTED, 31.0)
    assert datastore(measures, 32.0)["connects_total"] == 2


def test_what_is_not_acted_on_grows_old() -> None:
    measures = DatastoreMeasures(0.0)
    measures.note_status(CONNECTED, 1.0)
    measures.note_withheld(2.0)
    measures.note_withheld(5.0)
    assert datastore(measures, 7.0)["lag_seconds"] == 5
    measures.note_acted(8.0, 8.5)
    assert datastore(measures, 9.0)["lag_seconds"] == 0
    assert (measures.apply_times.count, measures.apply_times.sum_s) == (1, 0.5)


def test_a_datastore_that_is_not_believed_until_it_is_put_right() -> None:
    measures = DatastoreMeasures(0.0)
    measures.note_status(HELD, 1.0)
    measures.note_status(HELD, 3.0)
    found = datastore(measures, 4.0)
    assert (found["connected"], found["held"], found["lag_seconds"]) == (1, 1, 3)
    measures.note_status(CONNECTED, 5.0)
    found = datastore(measures, 6.0)
    assert (found["held"], found["lag_seconds"], found["connects_total"]) == (0, 0, 1)


def test_quarantine_by_kind_and_class() -> None:
    taken = "spec.bgp.ipv4Address: '10.0.0.1': expected an address of its own: Node 'a' has it and is older"
    unsupported = "spec.localWorkloadSelector: 'x': expected no such field (not here)"
    items = [
        Quarantined("Node", "b", taken),
        Quarantined("Node", "c", taken),
        Quarantined("BGPPeer", "x", unsupported),
        Quarantined("BGPPeer", "y", "spec.peerIP: None: expected an IP address"),
        Quarantined("/calico/resources/v3/a-key-of-no-kind", "z", "no JSON"),
    ]
    found = values(intent_samples("disk", items))
    assert {key[1:]: value for key, value in found.items() if key[0] == "tortie_quarantined_records" and value} == {
        ("Node", "taken"): 2, ("BGPPeer", "unsupported"): 1, ("BGPPeer", "invalid"): 1, ("other", "invalid"): 1,
    }  # fmt: skip
    assert found["tortie_intent_source", "disk"] == 1
    assert found["tortie_intent_source", "datastore"] == 0
    assert found.keys() == values(intent_samples("none", ())).keys(), "series do not depend on what is set aside"
    assert len(found) == 3 + (len(KINDS) + 1) * len(REASON_CLASSES)


def test_every_class_is_named() -> None:
    assert {reason_class(text) for text in ("has it and is older", "no such field", "")} == set(REASON_CLASSES)


def test_the_kernel() -> None:
    sync = KernelSync(KernelSyncConfig())
    sync.set_blackholes(["10.1.0.0/26", "10.2.0.0/26"])
    times = Histogram()
    found = values(kernel_samples(sync.status(), 1.5, times))
    assert found["tortie_kernel_lag_seconds",] == 1.5
    assert found["tortie_kernel_in_sync",] == 0
    assert found["tortie_kernel_write_seconds",] is times
    assert (found["tortie_kernel_routes", "desired"], found["tortie_kernel_routes", "pending"]) == (2, 2)
