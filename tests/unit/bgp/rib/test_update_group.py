"""Update groups: the rules of the versioned Adj-RIB-Out, one test a rule. The property test mixes them all."""

import pytest

from support.rib import ENCODE, Receiver, nlri, path, profile, source
from tortie.bgp.policy import PrefixFilter, PrefixRule
from tortie.bgp.rib import Member, PeerKind, Source, UpdateGroup, exported_attributes
from tortie.bgp.rib.segment import SEGMENT_SIZE_BYTES
from tortie.bgp.rib.update_group import COMPACTION_DEAD_MIN, SEGMENTS_KEPT_MAX, TOMBSTONES_MAX
from tortie.bgp.wire import IPV4_UNICAST, AttributeTable, UnknownAttribute, encode_updates

A, B, C = (source(f"192.0.2.{index}", is_client=True) for index in (1, 2, 3))
P1, P2, P3 = nlri("10.1.0.0/16"), nlri("10.2.0.0/16"), nlri("10.3.0.0/16")


class Setting:
    """One group, its table, its receivers."""

    def __init__(
        self,
        *members: Source,
        kind: PeerKind = PeerKind.CLIENT,
        export_filter: PrefixFilter | None = None,
        segment_size_bytes: int = SEGMENT_SIZE_BYTES,
        tombstones_max: int = TOMBSTONES_MAX,
    ) -> None:
        self.table = AttributeTable()
        self.group = UpdateGroup(
            profile(kind, export_filter=export_filter),
            self.table,
            segment_size_bytes=segment_size_bytes,
            tombstones_max=tombstones_max,
        )
        self.receivers = {member: self.join(member) for member in members}

    def join(self, member: Source) -> Receiver:
        self.group.join(member)
        return Receiver(member)

    def announce(self, of: Source, *keys: bytes, **fields: object) -> None:
        self.group.advance(dict.fromkeys(keys, path(self.table, of, **fields)))  # type: ignore[arg-type]

    def withdraw(self, *keys: bytes) -> None:
        self.group.advance(dict.fromkeys(keys))

    def held(self, member: Source) -> set[bytes]:
        receiver = self.receivers[member]
        receiver.take_all(self.group)
        return set(receiver.held)


def member_of(setting: Setting, of: Source) -> Member:
    return setting.group.members[of]


@pytest.mark.rfc("4456", "6")
def test_nobody_is_sent_its_own() -> None:
    setting = Setting(A, B)
    setting.announce(A, P1)
    assert setting.held(A) == set()
    assert setting.held(B) == {P1}


def test_what_is_the_same_is_not_said_twice() -> None:
    setting = Setting(B)
    setting.announce(A, P1)
    version = setting.group.version
    setting.announce(A, P1)
    assert setting.group.version == version


def test_a_segment_is_encoded_once_for_all_at_its_start() -> None:
    setting = Setting(A, B, C)
    setting.announce(A, P1, P2)
    segments = [setting.group.next_segment(member_of(setting, each)) for each in (B, C)]
    assert segments[0] is segments[1]
    assert segments[0] is not None
    assert segments[0].buffers_for(B)[0] is segments[0].data


def test_updates_never_mix_sources_and_own_ones_are_cut_out_without_a_copy() -> None:
    setting = Setting(A, B, C)
    setting.announce(A, P1)
    setting.announce(B, P2)
    setting.announce(C, P3)
    segment = setting.group.next_segment(member_of(setting, B))
    assert segment is not None
    parts = segment.buffers_for(B)
    assert all(isinstance(part, memoryview) and part.obj is segment.data for part in parts)
    assert sum(map(len, parts)) == len(segment.data) * 2 // 3
    assert segment.announced_to(B) == 2


def test_source_of_what_it_held_from_another_gets_a_withdrawal() -> None:
    setting = Setting(A, B)
    setting.announce(A, P1)
    assert setting.held(B) == {P1}
    setting.announce(B, P1)
    assert setting.held(B) == set()
    assert setting.held(A) == {P1}


def test_source_that_was_always_the_only_one_gets_nothing() -> None:
    setting = Setting(A, B)
    setting.announce(B, P1)
    setting.held(B)
    setting.announce(B, P1, med=7)
    segment = setting.group.next_segment(member_of(setting, B))
    assert segment is not None
    assert not segment.replaced
    assert segment.buffers_for(B) == ()


def test_source_of_what_was_born_after_its_cursor_gets_nothing() -> None:
    setting = Setting(A, B)
    setting.announce(A, P1)
    setting.announce(B, P1)
    segment = setting.group.next_segment(member_of(setting, B))
    assert segment is not None
    assert not segment.replaced


def test_a_slow_member_is_sent_each_prefix_once() -> None:
    setting = Setting(B)
    for med in range(100):
        setting.announce(A, P1, med=med)
    assert setting.held(B) == {P1}
    assert setting.receivers[B].received_count == 1
    assert setting.receivers[B].held[P1].med == 99


def test_a_withdrawal_is_not_sent_to_who_never_held_it() -> None:
    setting = Setting(B)
    setting.announce(A, P1)
    setting.withdraw(P1)
    segment = setting.group.next_segment(member_of(setting, B))
    assert segment is not None
    assert segment.data == b""


def test_tombstones_go_when_all_were_told() -> None:
    setting = Setting(B, C)
    setting.announce(A, P1)
    setting.held(B)
    setting.held(C)
    setting.withdraw(P1)
    setting.held(B)
    setting.group.trim()
    assert P1 in setting.group.entries
    assert setting.held(C) == set()
    setting.group.trim()
    assert P1 not in setting.group.entries


def test_too_many_tombstones_name_the_slowest_member() -> None:
    setting = Setting(B, C, tombstones_max=2)
    keys = [nlri(f"10.{index}.0.0/16") for index in range(3)]
    setting.announce(A, *keys)
    setting.held(B)
    setting.held(C)
    setting.withdraw(*keys[:2])
    setting.held(B)
    assert setting.group.trim() is None
    setting.withdraw(keys[2])
    setting.held(B)
    assert setting.group.trim() is member_of(setting, C)


@pytest.mark.rfc("4724", "2")
def test_end_of_rib_is_due_once_the_cursor_passes_the_version_of_joining() -> None:
    setting = Setting()
    setting.announce(A, P1)
    receiver = setting.join(B)
    member = member_of(setting, B)
    assert not setting.group.owes_end_of_rib_now(member)
    setting.announce(A, P2)
    receiver.take_all(setting.group)
    assert setting.group.owes_end_of_rib_now(member)


@pytest.mark.rfc("4724", "2")
def test_end_of_rib_is_due_at_once_when_there_is_nothing() -> None:
    setting = Setting(B)
    assert setting.group.owes_end_of_rib_now(member_of(setting, B))


@pytest.mark.rfc("2918", "4")
def test_route_refresh_sends_everything_again() -> None:
    setting = Setting(B)
    setting.announce(A, P1, P2)
    assert setting.held(B) == {P1, P2}
    setting.receivers[B].held.clear()
    setting.group.start_refresh(member_of(setting, B))
    assert setting.held(B) == {P1, P2}


def test_changing_group_sends_the_difference_only() -> None:
    setting = Setting(C)
    setting.announce(A, P1, P2)
    assert setting.held(C) == {P1, P2}
    receiver = setting.receivers[C]
    other = UpdateGroup(setting.group.profile, setting.table)
    other.advance({P1: path(setting.table, A), P3: path(setting.table, A)})
    other.join_from(C, setting.group)
    received = receiver.received_count
    receiver.take_all(other)
    assert set(receiver.held) == {P1, P3}
    assert receiver.received_count == received + 1
    assert C not in setting.group.members


def test_export_filter_is_asked_for_each_prefix() -> None:
    accepts_p1 = PrefixFilter((PrefixRule("10.1.0.0/16", accept=True),))
    setting = Setting(B, export_filter=accepts_p1)
    setting.announce(A, P1, P2)
    assert setting.held(B) == {P1}


def test_what_may_not_go_is_withdrawn_when_it_replaces_what_might() -> None:
    setting = Setting(B, kind=PeerKind.NON_CLIENT)
    setting.announce(A, P1)
    assert setting.held(B) == {P1}
    setting.announce(source("192.0.2.77"), P1)
    assert setting.held(B) == set()


def test_the_log_is_compacted_at_half_dead_and_not_before() -> None:
    setting = Setting()
    for med in range(COMPACTION_DEAD_MIN):
        setting.announce(A, P1, med=med)
    assert len(setting.group.log) == COMPACTION_DEAD_MIN
    setting.announce(A, P1, med=COMPACTION_DEAD_MIN)
    assert len(setting.group.log) == 1
    assert setting.group.dead_count == 0


def test_kept_segments_are_bounded() -> None:
    setting = Setting(B, segment_size_bytes=1)
    setting.announce(A, *(nlri(f"10.{index}.0.0/16") for index in range(SEGMENTS_KEPT_MAX + 1)))
    setting.held(B)
    assert len(setting.group._segments) == SEGMENTS_KEPT_MAX


def test_a_kept_segment_is_dropped_when_an_entry_in_it_changes() -> None:
    setting = Setting(B)
    setting.announce(A, P1, P2)
    setting.held(B)
    setting.announce(A, P2, med=4)
    late = setting.join(C)
    late.take_all(setting.group)
    assert late.received_count == 2


def test_what_is_born_between_changing_group_and_its_correction_leaves_nothing_stale() -> None:
    """The correction must not announce it: the withdrawal that may follow goes to who saw the birth only."""
    setting = Setting(C, segment_size_bytes=1)
    setting.announce(A, P1)
    assert setting.held(C) == {P1}
    other = UpdateGroup(setting.group.profile, setting.table, segment_size_bytes=1)
    other.join_from(C, setting.group)
    receiver = setting.receivers[C]
    other.advance({P1: path(setting.table, B)})
    receiver.take_one(other)
    assert P1 not in receiver.held
    other.advance({P1: None})
    receiver.take_all(other)
    assert receiver.held == {}


def test_what_is_born_between_changing_group_and_its_correction_comes_after_it() -> None:
    setting = Setting(C, segment_size_bytes=1)
    setting.announce(A, P1)
    assert setting.held(C) == {P1}
    other = UpdateGroup(setting.group.profile, setting.table, segment_size_bytes=1)
    other.join_from(C, setting.group)
    other.advance({P1: path(setting.table, B)})
    setting.receivers[C].take_all(other)
    assert set(setting.receivers[C].held) == {P1}


def test_a_refresh_that_is_under_way_goes_on_in_the_new_group() -> None:
    setting = Setting(C)
    setting.announce(A, P1)
    assert setting.held(C) == {P1}
    receiver = setting.receivers[C]
    receiver.held.clear()
    setting.group.start_refresh(member_of(setting, C))
    other = UpdateGroup(setting.group.profile, setting.table)
    other.advance({P1: path(setting.table, A)})
    other.join_from(C, setting.group)
    receiver.take_all(other)
    assert set(receiver.held) == {P1}


def test_a_group_that_changes_its_profile_tells_all_members_with_one_segment() -> None:
    setting = Setting(B, C)
    best = {key: path(setting.table, A) for key in (P1, P2)}
    setting.group.advance(best)
    setting.held(B)
    setting.held(C)
    setting.group.change_profile(profile(cluster_id=99))
    setting.group.advance(best)
    segments = [setting.group.next_segment(member_of(setting, each)) for each in (B, C)]
    assert segments[0] is segments[1]
    assert not member_of(setting, B).corrections
    entries = [entry.attributes for entry in setting.group.entries.values()]
    assert {attributes.cluster_list for attributes in entries if attributes is not None} == {(99,)}


def test_what_no_message_can_carry_is_not_sent_and_counted() -> None:
    """At the limit and one beyond it; a sendable path that becomes too large is withdrawn."""
    fits = UnknownAttribute(0xC0, 200, bytes(4096 - overhead() - 4))
    too_large = UnknownAttribute(0xC0, 200, bytes(4096 - overhead() - 3))
    setting = Setting(B)
    setting.announce(A, P1, unknown=(fits,))
    assert setting.held(B) == {P1}
    assert setting.group.unsendable_count == 0
    setting.announce(A, P1, unknown=(too_large,))
    assert setting.held(B) == set()
    assert setting.group.unsendable_count == 1


def overhead() -> int:
    """Octets of an UPDATE with one attribute-less reflected path and the longest prefix."""
    table = AttributeTable()
    [reflected] = [exported_attributes(path(table, A), profile(), table)]
    assert reflected is not None
    [message] = encode_updates(IPV4_UNICAST, reflected, [nlri("10.1.2.3/32")], ENCODE)
    return len(message)


@pytest.mark.rfc("8654", "4")
@pytest.mark.parametrize(
    ("communities", "is_cut", "is_sent"), [(1003, False, True), (1007, True, True), (1010, True, False)]
)
def test_what_a_receiver_may_discard_is_left_out_before_a_route_is(
    communities: int, *, is_cut: bool, is_sent: bool
) -> None:
    table, other = AttributeTable(), source("10.0.0.2")
    group = UpdateGroup(profile(), table)
    group.advance(
        {
            nlri("10.1.0.0/16"): path(
                table, other, communities=tuple(range(communities)), atomic_aggregate=True, aggregator=(64512, 1)
            )
        }
    )
    entries = list(group.entries.values())
    assert len(entries) == is_sent
    for entry in entries:
        assert entry.attributes is not None
        assert (entry.attributes.aggregator is None) is is_cut
        assert entry.attributes.atomic_aggregate is not is_cut
