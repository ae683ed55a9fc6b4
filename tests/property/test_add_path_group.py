"""Members of ADD-PATH groups hold every path of everybody else, whatever happens in whatever order.

The model: who announced what under which identifier, and what each member has received; between them a whole RIB.
"""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from support.rib import ENCODE, LOCAL_AS, Receiver, nlri, profile, source
from tortie.bgp.rib import RIB, ImportRule, Path, PeerKind, Source, exported_attributes
from tortie.bgp.wire import IPV4_UNICAST, AttributeSet, AttributeTable, address_from_text, join_path_id, split_path_id

PREFIXES = [nlri(f"10.{index}.0.0/16") for index in range(5)]
NAMES = [f"192.0.2.{index}" for index in range(1, 5)]
WITH_IDS = frozenset(NAMES[:2])
PATH_IDS = (0, 1, 5)
NEXT_HOPS = ("10.0.0.1", "10.0.0.2")
FAMILIES = (IPV4_UNICAST,)
PROFILES = {
    (kind, is_add_path): profile(kind, encoding=replace(ENCODE, add_path=is_add_path))
    for kind in (PeerKind.CLIENT, PeerKind.NON_CLIENT)
    for is_add_path in (True, False)
}
Kind = tuple[PeerKind, bool]

names = st.sampled_from(NAMES)
kinds = st.sampled_from(sorted(PROFILES))
some_prefixes = st.lists(st.sampled_from(PREFIXES), min_size=1, max_size=4, unique=True)


class AddPathMachine(RuleBasedStateMachine):
    """Sources with and without identifiers, members with and without ADD-PATH, one family."""

    def __init__(self) -> None:
        super().__init__()
        self.table = AttributeTable()
        self.unreachable: set[bytes] = set()
        self.rib = RIB(1, 2, self.table, lambda next_hop: None if next_hop in self.unreachable else 0)
        self.sources: dict[str, Source] = {}
        self.announced: dict[tuple[str, int, bytes], AttributeSet] = {}
        self.receivers: dict[str, tuple[Kind, Receiver]] = {}
        for name in NAMES:
            self.come(name)

    def come(self, name: str) -> None:
        made = self.sources[name] = source(name, is_client=NAMES.index(name) % 2 == 0)
        self.rib.add_source(made, ImportRule(LOCAL_AS), FAMILIES, frozenset(FAMILIES if name in WITH_IDS else ()))

    def flush(self) -> None:
        for _ in self.rib.flush():
            pass

    @rule(
        name=names,
        path_ids=st.lists(st.sampled_from(PATH_IDS), min_size=1, unique=True),
        prefixes=some_prefixes,
        med=st.integers(0, 2),
        next_hop=st.sampled_from(NEXT_HOPS),
    )
    def announce(self, name: str, path_ids: list[int], prefixes: list[bytes], med: int, next_hop: str) -> None:
        attributes = self.table.intern(next_hop=address_from_text(next_hop), med=med)
        ids = path_ids if name in WITH_IDS else [0]
        keys = [join_path_id(path_id, prefix) for path_id in ids for prefix in prefixes]
        self.rib.announce(self.sources[name], IPV4_UNICAST, attributes, keys if name in WITH_IDS else prefixes)
        for path_id in ids:
            self.announced.update({(name, path_id, prefix): attributes for prefix in prefixes})

    @rule(name=names, path_id=st.sampled_from(PATH_IDS), prefixes=some_prefixes)
    def withdraw(self, name: str, path_id: int, prefixes: list[bytes]) -> None:
        keys = [join_path_id(path_id, prefix) for prefix in prefixes] if name in WITH_IDS else prefixes
        self.rib.withdraw(self.sources[name], IPV4_UNICAST, keys)
        for prefix in prefixes:
            self.announced.pop((name, path_id if name in WITH_IDS else 0, prefix), None)

    @rule(next_hop=st.sampled_from(NEXT_HOPS))
    def turn(self, next_hop: str) -> None:
        """A next hop becomes reachable, or is no more."""
        packed = address_from_text(next_hop)
        self.unreachable ^= {packed}
        self.rib.next_hop_changed(packed)

    @rule(name=names, kind=kinds)
    def join(self, name: str, kind: Kind) -> None:
        if name not in self.receivers:
            self.rib.join(PROFILES[kind], self.sources[name])
            self.receivers[name] = (kind, Receiver(self.sources[name], has_path_ids=kind[1]))

    @rule(name=names, is_restart=st.booleans())
    def leave(self, name: str, is_restart: bool) -> None:
        """The session ends, for good or to come back to its paths."""
        if name not in self.receivers:
            return
        kind, receiver = self.receivers.pop(name)
        self.rib.leave(PROFILES[kind], receiver.source)
        if is_restart:
            return
        self.rib.remove_source(receiver.source)
        self.announced = {key: held for key, held in self.announced.items() if key[0] != name}
        self.come(name)

    @rule(name=names)
    def move(self, name: str) -> None:
        if name in self.receivers:
            (kind, is_add_path), receiver = self.receivers[name]
            other = (PeerKind.NON_CLIENT if kind is PeerKind.CLIENT else PeerKind.CLIENT, is_add_path)
            self.rib.move(receiver.source, PROFILES[kind, is_add_path], PROFILES[other])
            self.receivers[name] = (other, receiver)

    @rule(name=names)
    def become(self, name: str) -> None:
        """A client becomes none, or the reverse."""
        self.sources[name].is_client = not self.sources[name].is_client
        self.rib.export_again(self.sources[name])

    @rule(name=names)
    def refresh(self, name: str) -> None:
        if name in self.receivers:
            kind, receiver = self.receivers[name]
            group = self.rib.groups[PROFILES[kind]]
            group.start_refresh(group.members[receiver.source])

    @rule(name=names)
    def take_one(self, name: str) -> None:
        self.flush()
        if name in self.receivers:
            kind, receiver = self.receivers[name]
            receiver.take_one(self.rib.groups[PROFILES[kind]])

    @rule()
    def upkeep(self) -> None:
        for group in self.rib.groups.values():
            group.trim()
            group._compact()

    @rule()
    def settle(self) -> None:
        self.flush()
        for kind, receiver in self.receivers.values():
            receiver.take_all(self.rib.groups[PROFILES[kind]])
        for name, (kind, receiver) in self.receivers.items():
            if kind[1]:
                assert self.paths_held(receiver) == self.paths_of_the_others(name, kind)

    def paths_held(self, receiver: Receiver) -> list[tuple[bytes, object]]:
        found = [(split_path_id(key)[1], held.fields()) for key, held in receiver.held.items()]
        return sorted(found, key=repr)

    def paths_of_the_others(self, name: str, kind: Kind) -> list[tuple[bytes, object]]:
        expected: list[tuple[bytes, object]] = []
        for (of, path_id, prefix), attributes in self.announced.items():
            exported = exported_attributes(
                Path(attributes, self.sources[of], path_id=path_id), PROFILES[kind], self.table
            )
            if of != name and exported is not None and attributes.next_hop not in self.unreachable:
                expected.append((prefix, exported.fields()))
        return sorted(expected, key=repr)

    @invariant()
    def what_is_held_is_what_is_believed(self) -> None:
        for kind, receiver in self.receivers.values():
            group = self.rib.groups[PROFILES[kind]]
            member = group.members[receiver.source]
            if member.cursor < group.version or member.corrections or member.refresh:
                continue
            believed = {key: held.fields() for key, held in group.held_by(member).items()}
            assert {key: held.fields() for key, held in receiver.held.items()} == believed

    @invariant()
    def an_identifier_has_one_source(self) -> None:
        owners: dict[int, Source] = {}
        for kind, add_path_profile in PROFILES.items():
            group = self.rib.groups.get(add_path_profile)
            if group is None or not kind[1]:
                continue
            for key, entry in group.entries.items():
                assert owners.setdefault(split_path_id(key)[0], entry.source) is entry.source


TestAddPathGroup = AddPathMachine.TestCase
TestAddPathGroup.settings = settings(max_examples=150, stateful_step_count=40, deadline=None, derandomize=True)
