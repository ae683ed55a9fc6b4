"""Builders for tests of the RIB, and a peer that applies what it is sent."""

from dataclasses import replace

from tortie.bgp.rib import (
    ExportProfile,
    ImportRule,
    NextHopMode,
    Path,
    PeerKind,
    Source,
    SourceKind,
    UpdateGroup,
    degree_of_preference,
)
from tortie.bgp.wire import (
    IPV4_UNICAST,
    AttributeSet,
    AttributeTable,
    DecodeContext,
    EncodeContext,
    Family,
    MessageReader,
    MessageType,
    address_from_text,
    decode_update,
    encode_withdrawals,
    prefix_from_text,
)

LOCAL_AS = 64512
CLUSTER_ID = 0x01000001
DECODE = DecodeContext(is_internal=True, four_octet_as=True, families=frozenset({IPV4_UNICAST}))
ENCODE = EncodeContext(four_octet_as=True)


def source(name: str, kind: SourceKind = SourceKind.INTERNAL, *, is_client: bool = False) -> Source:
    """An established peer; `name` is its address, which also makes its router id."""
    packed = address_from_text(name)
    made = Source(name, kind, router_id=int.from_bytes(packed[-4:], "big"), address=packed, peer_as=LOCAL_AS)
    made.is_client = is_client
    return made


def profile(kind: PeerKind = PeerKind.CLIENT, family: Family = IPV4_UNICAST, **changes: object) -> ExportProfile:
    """An export profile for tests."""
    fields: dict[str, object] = {
        "family": family,
        "peer_kind": kind,
        "local_as": LOCAL_AS,
        "peer_as": LOCAL_AS,
        "encoding": ENCODE,
        "next_hop_mode": NextHopMode.AUTO,
        "local_next_hop": address_from_text("10.0.0.254"),
        "cluster_id": CLUSTER_ID,
    }
    return ExportProfile(**{**fields, **changes})  # type: ignore[arg-type]  # the fields of the dataclass


def nlri(prefix: str) -> bytes:
    """The wire form of a prefix."""
    return prefix_from_text(prefix)[1]


def path(table: AttributeTable, of: Source, next_hop: str = "10.0.0.1", *, path_id: int = 0, **fields: object) -> Path:
    """A path with the given attributes."""
    packed = address_from_text(next_hop) if next_hop else b""
    attributes = table.intern(next_hop=packed, **fields)  # type: ignore[arg-type]  # attribute fields
    preference = degree_of_preference(attributes, of, ImportRule(LOCAL_AS))
    return Path(attributes, of, path_id=path_id, preference=preference)


class Receiver:
    """A peer: applies the bytes that a group sends it and remembers what it holds."""

    def __init__(self, of: Source, *, has_path_ids: bool = False) -> None:
        self.source = of
        self.decode = replace(DECODE, add_path=DECODE.families) if has_path_ids else DECODE
        self.table = AttributeTable()
        self.held: dict[bytes, AttributeSet] = {}
        self.received_count = 0

    def apply(self, data: bytes) -> None:
        """Decode whole messages and apply them in order."""
        reader = MessageReader()
        reader.feed(data)
        while (message := reader.next_message()) is not None:
            kind, body = message
            assert kind is MessageType.UPDATE
            update = decode_update(body, self.decode, self.table)
            assert not update.problems
            for _, gone in update.withdrawn:
                for each in gone:
                    self.held.pop(each, None)
            for _, attributes, announced in update.announced:
                for each in announced:
                    self.held[each] = attributes
                    self.received_count += 1

    def take_one(self, group: UpdateGroup) -> bool:
        """Receive one segment; False when there is none."""
        member = group.members[self.source]
        segment = group.next_segment(member)
        if segment is None:
            return False
        replaced = segment.replaced.get(self.source)
        if replaced:
            for message in encode_withdrawals(group.profile.family, replaced, group.profile.encoding):
                self.apply(message)
        for buffer in segment.buffers_for(self.source):
            self.apply(bytes(buffer))
        return True

    def take_all(self, group: UpdateGroup) -> None:
        """Receive until nothing is left."""
        while self.take_one(group):
            pass
