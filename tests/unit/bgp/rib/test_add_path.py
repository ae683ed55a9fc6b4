"""Several paths a prefix: what is kept of what comes in, and what goes out under which identifier."""

from dataclasses import replace

import pytest

from support.rib import ENCODE, LOCAL_AS, Receiver, nlri, profile, source
from tortie.bgp.policy import PrefixFilter, PrefixRule
from tortie.bgp.rib import RIB, ExportProfile, ImportRule, PeerKind
from tortie.bgp.wire import (
    IPV4_UNICAST,
    AttributeSet,
    AttributeTable,
    address_from_text,
    join_path_id,
    split_path_id,
)

FAMILIES = (IPV4_UNICAST,)
V4 = frozenset(FAMILIES)
PREFIX, OTHER = nlri("10.1.0.0/16"), nlri("10.2.0.0/16")
ADD_PATH = profile(PeerKind.CLIENT, encoding=replace(ENCODE, add_path=True))
PLAIN = profile(PeerKind.CLIENT)


class Tables:
    """A RIB, sources A (with path identifiers) and B (without), and who listens."""

    def __init__(self) -> None:
        self.table = AttributeTable()
        self.unreachable: set[bytes] = set()
        self.rib = RIB(1, 2, self.table, lambda next_hop: None if next_hop in self.unreachable else 0)
        self.a, self.b = source("192.0.2.1", is_client=True), source("192.0.2.2", is_client=True)
        self.rib.add_source(self.a, ImportRule(LOCAL_AS), FAMILIES, V4)
        self.rib.add_source(self.b, ImportRule(LOCAL_AS), FAMILIES)

    def attributes(self, med: int, next_hop: str = "10.0.0.1") -> AttributeSet:
        return self.table.intern(next_hop=address_from_text(next_hop), med=med)

    def say(self, path_id: int, *prefixes: bytes, med: int = 0, next_hop: str = "10.0.0.1") -> None:
        """A announces."""
        keys = [join_path_id(path_id, prefix) for prefix in prefixes]
        self.rib.announce(self.a, IPV4_UNICAST, self.attributes(med, next_hop), keys)

    def meds(self, prefix: bytes = PREFIX) -> list[int | None]:
        """MEDs of the candidates, the best one first."""
        decision = self.rib.loc_rib(IPV4_UNICAST).decisions.get(prefix)
        if decision is None or decision.best is None:
            return []
        return [decision.best.attributes.med, *(path.attributes.med for path, _ in decision.losers)]

    def listener(self, export: ExportProfile) -> Receiver:
        """Somebody who joins."""
        of = source("192.0.2.9", is_client=True)
        self.rib.join(export, of)
        return Receiver(of, has_path_ids=export.encoding.add_path)

    def flush(self, *receivers: Receiver) -> None:
        for _ in self.rib.flush():
            pass
        self.rib.take_advanced()
        for receiver in receivers:
            for group in self.rib.groups.values():
                if receiver.source in group.members:
                    receiver.take_all(group)


def held_meds(receiver: Receiver) -> dict[int, int | None]:
    """Path identifier → MED of what is held."""
    return {split_path_id(key)[0]: attributes.med for key, attributes in receiver.held.items()}


@pytest.mark.rfc("7911", "2")
def test_several_paths_of_one_peer_are_candidates() -> None:
    tables = Tables()
    tables.say(7, PREFIX, med=2)
    tables.say(8, PREFIX, med=1)
    assert tables.meds() == [1, 2]
    tables.say(8, PREFIX, med=3)
    assert tables.meds() == [2, 3]


@pytest.mark.rfc("7911", "3")
def test_two_identifiers_in_one_message_are_two_paths() -> None:
    tables = Tables()
    keys = [join_path_id(path_id, PREFIX) for path_id in (7, 8)]
    tables.rib.announce(tables.a, IPV4_UNICAST, tables.attributes(5), keys)
    decision = tables.rib.loc_rib(IPV4_UNICAST).decisions[PREFIX]
    assert sorted(path.path_id for path in decision.candidates) == [7, 8]
    assert decision.best is not None
    assert decision.best.path_id == 7
    tables.rib.withdraw(tables.a, IPV4_UNICAST, [join_path_id(7, PREFIX)])
    assert tables.meds() == [5]


@pytest.mark.rfc("7911", "3")
def test_a_withdrawal_takes_one_identifier() -> None:
    tables = Tables()
    tables.say(7, PREFIX, med=1)
    tables.say(8, PREFIX, OTHER, med=2)
    tables.rib.withdraw(tables.a, IPV4_UNICAST, [join_path_id(7, PREFIX), join_path_id(9, PREFIX)])
    assert (tables.meds(), tables.meds(OTHER)) == ([2], [2])
    tables.rib.remove_source(tables.a)
    assert (tables.meds(), tables.meds(OTHER)) == ([], [])


def test_the_import_filter_sees_the_prefix() -> None:
    tables = Tables()
    refuses = PrefixFilter((PrefixRule("10.1.0.0/16", accept=False),), default_accept=True)
    tables.rib.import_rules[tables.a] = ImportRule(LOCAL_AS, refuses)
    tables.say(7, PREFIX, OTHER)
    assert (tables.meds(), tables.meds(OTHER)) == ([], [0])
    tables.rib.import_rules[tables.a] = ImportRule(LOCAL_AS)
    tables.rib.judge_again(tables.a)
    assert (tables.meds(), tables.meds(OTHER)) == ([0], [0])


@pytest.mark.rfc("4724", "4.2")
def test_stale_paths_are_told_by_identifier() -> None:
    tables = Tables()
    tables.say(7, PREFIX, med=1)
    tables.say(8, PREFIX, med=2)
    tables.rib.retain_source(tables.a, FAMILIES)
    tables.rib.add_source(tables.a, ImportRule(LOCAL_AS), FAMILIES, V4)
    tables.say(8, PREFIX, med=2)
    assert tables.rib.stale_count(tables.a, IPV4_UNICAST) == 1
    assert tables.meds() == [1, 2]
    tables.rib.sweep_stale(tables.a, IPV4_UNICAST)
    assert tables.meds() == [2]


@pytest.mark.rfc("7911", "4")
def test_retained_paths_of_another_form_go() -> None:
    tables = Tables()
    tables.say(7, PREFIX)
    tables.rib.retain_source(tables.a, FAMILIES)
    tables.rib.add_source(tables.a, ImportRule(LOCAL_AS), FAMILIES)
    assert tables.meds() == []


# ---------------------------------------------------------------- what goes out


@pytest.mark.rfc("7911", "2")
@pytest.mark.rfc("7911", "3")
def test_who_has_add_path_is_sent_all_and_who_has_not_the_best() -> None:
    tables = Tables()
    tables.say(7, PREFIX, med=1)
    tables.rib.announce(tables.b, IPV4_UNICAST, tables.attributes(2), [PREFIX])
    everything, best = tables.listener(ADD_PATH), tables.listener(PLAIN)
    tables.say(8, PREFIX, med=3)
    tables.flush(everything, best)
    assert held_meds(everything) == {1: 1, 2: 2, 3: 3}
    assert [attributes.med for attributes in best.held.values()] == [1]
    tables.rib.withdraw(tables.a, IPV4_UNICAST, [join_path_id(7, PREFIX)])
    tables.flush(everything, best)
    assert held_meds(everything) == {2: 2, 3: 3}
    assert [attributes.med for attributes in best.held.values()] == [2]


@pytest.mark.rfc("7911", "3")
def test_an_identifier_stands_for_the_same_path_whatever_its_attributes() -> None:
    tables = Tables()
    listener = tables.listener(ADD_PATH)
    tables.say(7, PREFIX, OTHER, med=1)
    tables.flush(listener)
    tables.say(7, PREFIX, med=9)
    tables.flush(listener)
    found = {split_path_id(key): attributes.med for key, attributes in listener.held.items()}
    assert found == {(1, PREFIX): 9, (1, OTHER): 1}


def test_an_identifier_is_given_once() -> None:
    tables = Tables()
    listener = tables.listener(ADD_PATH)
    tables.say(7, PREFIX, med=1)
    tables.flush(listener)
    tables.rib.remove_source(tables.a)
    tables.rib.announce(tables.b, IPV4_UNICAST, tables.attributes(2), [PREFIX])
    tables.flush(listener)
    assert held_meds(listener) == {2: 2}


@pytest.mark.rfc("4271", "9.1.2")
def test_what_cannot_be_reached_is_not_sent() -> None:
    tables = Tables()
    listener = tables.listener(ADD_PATH)
    tables.say(7, PREFIX, med=1)
    tables.say(8, PREFIX, med=2, next_hop="10.0.0.2")
    tables.flush(listener)
    far = address_from_text("10.0.0.2")
    tables.unreachable.add(far)
    tables.rib.next_hop_changed(far)
    tables.flush(listener)
    assert held_meds(listener) == {1: 1}
    tables.unreachable.clear()
    tables.rib.next_hop_changed(far)
    tables.flush(listener)
    assert held_meds(listener) == {1: 1, 2: 2}


def test_a_source_is_not_sent_its_own() -> None:
    tables = Tables()
    tables.rib.join(ADD_PATH, tables.a)
    itself = Receiver(tables.a, has_path_ids=True)
    tables.say(7, PREFIX, med=1)
    tables.rib.announce(tables.b, IPV4_UNICAST, tables.attributes(2), [PREFIX])
    tables.flush(itself)
    assert list(held_meds(itself).values()) == [2]


def test_who_becomes_a_client_is_reflected() -> None:
    tables = Tables()
    tables.a.is_client = False
    listener = tables.listener(profile(PeerKind.NON_CLIENT, encoding=ADD_PATH.encoding))
    tables.say(7, PREFIX, med=1)
    tables.say(8, PREFIX, med=2)
    tables.flush(listener)
    assert held_meds(listener) == {}
    tables.a.is_client = True
    tables.rib.export_again(tables.a)
    tables.flush(listener)
    assert held_meds(listener) == {1: 1, 2: 2}


def test_the_export_filter_sees_the_prefix() -> None:
    tables = Tables()
    only = PrefixFilter((PrefixRule("10.2.0.0/16", accept=True),))
    listener = tables.listener(replace(ADD_PATH, export_filter=only))
    tables.say(7, PREFIX, OTHER)
    tables.flush(listener)
    assert [split_path_id(key)[1] for key in listener.held] == [OTHER]


def test_nothing_is_noted_where_nobody_has_add_path() -> None:
    tables = Tables()
    plain = tables.listener(PLAIN)
    assert tables.rib.loc_rib(IPV4_UNICAST).touched is None
    leaver = source("192.0.2.10", is_client=True)
    tables.rib.join(ADD_PATH, leaver)
    assert tables.rib.loc_rib(IPV4_UNICAST).touched == {}
    tables.rib.leave(ADD_PATH, leaver)
    assert tables.rib.loc_rib(IPV4_UNICAST).touched is None
    tables.say(7, PREFIX)
    tables.flush(plain)
    assert len(plain.held) == 1


def test_a_path_that_changes_nothing_is_not_sent_again() -> None:
    tables = Tables()
    listener = tables.listener(ADD_PATH)
    tables.say(7, PREFIX, med=1)
    tables.flush(listener)
    version = [group.version for group in tables.rib.groups.values()]
    tables.say(7, PREFIX, med=1)
    assert not tables.rib.has_changes
    tables.flush(listener)
    assert [group.version for group in tables.rib.groups.values()] == version
