"""An update group's members hold exactly what the group believes, whatever happens in whatever order.

The model: every member applies the bytes it is sent; the truth is a plain dictionary of best paths.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from support.rib import Receiver, nlri, path, profile, source
from tortie.bgp.rib import Path, PeerKind, Source, UpdateGroup, exported_attributes
from tortie.bgp.wire import AttributeTable

PREFIXES = [nlri(f"10.{index}.0.0/16") for index in range(12)]
NAMES = [f"192.0.2.{index}" for index in range(1, 6)]
KINDS = (PeerKind.CLIENT, PeerKind.NON_CLIENT)


class UpdateGroupMachine(RuleBasedStateMachine):
    """Two groups of one family over one table of best paths, members that come, go, lag and move."""

    def __init__(self) -> None:
        super().__init__()
        self.table = AttributeTable()
        self.sources: dict[str, Source] = {
            name: source(name, is_client=index % 2 == 0) for index, name in enumerate(NAMES)
        }
        self.best: dict[bytes, Path] = {}
        self.groups = {kind: UpdateGroup(profile(kind), self.table) for kind in KINDS}
        self.receivers: dict[str, tuple[PeerKind, Receiver]] = {}

    def change(self, changes: dict[bytes, Path | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self.best.pop(key, None)
            else:
                self.best[key] = value
        for group in self.groups.values():
            group.advance(changes)

    @rule(
        name=st.sampled_from(NAMES),
        prefixes=st.lists(st.sampled_from(PREFIXES), min_size=1, max_size=6, unique=True),
        med=st.integers(0, 2),
    )
    def announce(self, name: str, prefixes: list[bytes], med: int) -> None:
        made = path(self.table, self.sources[name], med=med)
        self.change(dict.fromkeys(prefixes, made))

    @rule(prefixes=st.lists(st.sampled_from(PREFIXES), min_size=1, max_size=6, unique=True))
    def withdraw(self, prefixes: list[bytes]) -> None:
        self.change(dict.fromkeys(prefixes))

    @rule(name=st.sampled_from(NAMES), kind=st.sampled_from(KINDS))
    def join(self, name: str, kind: PeerKind) -> None:
        if name not in self.receivers:
            self.groups[kind].join(self.sources[name])
            self.receivers[name] = (kind, Receiver(self.sources[name]))

    @rule(name=st.sampled_from(NAMES))
    def leave(self, name: str) -> None:
        """The session ends: its paths go as well, and it comes back as another source."""
        if name not in self.receivers:
            return
        kind, receiver = self.receivers.pop(name)
        self.groups[kind].leave(receiver.source)
        self.change({key: None for key, best in self.best.items() if best.source is receiver.source})
        self.sources[name] = source(name, is_client=receiver.source.is_client)

    @rule(name=st.sampled_from(NAMES), kind=st.sampled_from(KINDS))
    def restart(self, name: str, kind: PeerKind) -> None:
        """The session ends and comes back by graceful restart: the same source, its paths stay."""
        if name in self.receivers:
            kind_before, receiver = self.receivers[name]
            self.groups[kind_before].leave(receiver.source)
            self.groups[kind].join(receiver.source)
            self.receivers[name] = (kind, Receiver(receiver.source))

    @rule(name=st.sampled_from(NAMES))
    def move(self, name: str) -> None:
        if name not in self.receivers:
            return
        kind, receiver = self.receivers[name]
        other = KINDS[1 - KINDS.index(kind)]
        self.groups[other].join_from(receiver.source, self.groups[kind])
        self.receivers[name] = (other, receiver)

    @rule(name=st.sampled_from(NAMES))
    def refresh(self, name: str) -> None:
        if name in self.receivers:
            kind, receiver = self.receivers[name]
            group = self.groups[kind]
            group.start_refresh(group.members[receiver.source])

    @rule(name=st.sampled_from(NAMES))
    def take_one(self, name: str) -> None:
        if name in self.receivers:
            kind, receiver = self.receivers[name]
            receiver.take_one(self.groups[kind])

    @rule(name=st.sampled_from(NAMES))
    def take_all(self, name: str) -> None:
        if name in self.receivers:
            kind, receiver = self.receivers[name]
            receiver.take_all(self.groups[kind])

    @rule()
    def trim(self) -> None:
        for group in self.groups.values():
            group.trim()

    @rule(kind=st.sampled_from(KINDS))
    def compact(self, kind: PeerKind) -> None:
        self.groups[kind]._compact()

    @invariant()
    def what_is_held_is_what_is_believed(self) -> None:
        for kind, receiver in self.receivers.values():
            group = self.groups[kind]
            member = group.members[receiver.source]
            if member.cursor < group.version or member.corrections or member.refresh:
                continue
            believed = {key: held.fields() for key, held in group.held_by(member).items()}
            assert {key: held.fields() for key, held in receiver.held.items()} == believed

    @invariant()
    def what_is_believed_is_the_truth(self) -> None:
        for kind, receiver in self.receivers.values():
            group = self.groups[kind]
            member = group.members[receiver.source]
            if member.cursor < group.version or member.corrections:
                continue
            truth = {}
            for key, best in self.best.items():
                exported = exported_attributes(best, group.profile, self.table)
                if exported is not None and best.source is not receiver.source:
                    truth[key] = exported
            assert group.held_by(member) == truth

    @invariant()
    def log_and_entries_agree(self) -> None:
        for group in self.groups.values():
            live = [slot for slot in group.log if slot is not None]
            assert sorted(live) == sorted(group.entries)
            assert group.dead_count == len(group.log) - len(live)
            for key, entry in group.entries.items():
                assert group.log[entry.version - group.base - 1] == key
                assert entry.born <= entry.version

    @precondition(lambda self: self.receivers)
    @rule()
    def settle(self) -> None:
        for kind, receiver in self.receivers.values():
            receiver.take_all(self.groups[kind])


class SmallSegmentsMachine(UpdateGroupMachine):
    """The same with segments of about one prefix, so that members stop in the middle of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.groups = {kind: UpdateGroup(profile(kind), self.table, segment_size_bytes=1) for kind in self.groups}


PROFILE = settings(max_examples=150, stateful_step_count=40, deadline=None, derandomize=True)
TestUpdateGroup = UpdateGroupMachine.TestCase
TestUpdateGroup.settings = PROFILE
TestUpdateGroupWithSmallSegments = SmallSegmentsMachine.TestCase
TestUpdateGroupWithSmallSegments.settings = PROFILE
