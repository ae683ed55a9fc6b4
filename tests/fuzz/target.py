"""What must hold for any octets that a peer sends.

They give updates with problems or a NOTIFICATION, and never another exception; cut anywhere they give the same; and
what was announced is read back as it is written. Through an engine, what it tells others has no problems, and good
routes win afterwards. The first octet says on which session they come, see `Choice`.
"""

from typing import NamedTuple

from support.malformed import Bench, Kind
from support.malformed.updates import ADD_PATH
from support.sessions import PEER_AS, bring_to, drain, new_session, peer_open
from tortie.bgp.errors import AttributesTooLargeError
from tortie.bgp.session import AddPathMode, Session, State, outputs
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    KEEPALIVE,
    AddPath,
    AttributeTable,
    Capability,
    DecodeContext,
    EncodeContext,
    EnhancedRouteRefresh,
    FourOctetAS,
    MessageType,
    Multiprotocol,
    RouteRefreshCapability,
    Update,
    decode_update,
    encode_message,
    encode_updates,
)

FAMILIES = (IPV4_UNICAST, IPV6_UNICAST)
LOCAL_AS = 65000
PIECE_SIZE_MAX = 7
"""Beside octet by octet: pieces that end in the middle of everything."""


class Choice(NamedTuple):
    """On which session the octets come; bits of the first octet, from the lowest."""

    is_internal: bool
    is_established: bool
    four_octet_as: bool
    add_path: bool
    is_update_body: bool
    through_engine: bool

    @classmethod
    def of(cls, octet: int) -> "Choice":
        """Read the bits; the two that are left mean nothing."""
        return cls(*(bool(octet >> bit & 1) for bit in range(len(cls._fields))))

    def octet(self) -> int:
        """Return the octet that means this."""
        return sum(bit << position for position, bit in enumerate(self))


def check(data: bytes) -> None:
    """Give one input to a session in several cuts; raises whatever is wrong with us."""
    if not data:
        return
    choice, stream = Choice.of(data[0]), data[1:]
    if choice.is_update_body:
        stream = encode_message(MessageType.UPDATE, stream[: 4096 - 19].ljust(4, b"\0"))
    if choice.through_engine:
        check_engine(choice, stream)
        return
    whole = outcome(choice, [stream])
    octets = [stream[index : index + 1] for index in range(len(stream))]
    assert outcome(choice, octets) == whole, "octet by octet gives something else"
    pieces = [stream[index : index + PIECE_SIZE_MAX] for index in range(0, len(stream), PIECE_SIZE_MAX)]
    assert outcome(choice, pieces) == whole, "pieces give something else"


def check_engine(choice: Choice, stream: bytes) -> None:
    """Give it to an engine with another session, whose end reads what it is told; then come back with good routes."""
    kind = Kind.IBGP if choice.is_internal else Kind.EBGP
    capabilities = ADD_PATH if choice.add_path else b""
    bench = Bench(kind, four_octet_as=choice.four_octet_as, capabilities=capabilities)
    if choice.is_established or choice.is_update_body:
        bench.bring_up()
        bench.announce(1)
    bench.feed(bench.tested, stream)
    assert not bench.other.is_closed, "the other session has ended"
    if not bench.tested.is_closed:
        bench.engine.connection_lost(bench.tested.connection, "closed by the far end", bench.now)
        bench.settle()
    bench.reconnect()
    bench.announce(3)
    for number in "46":
        path = bench.path(number)
        assert path is not None
        assert path.attributes.med == 3
        assert bench.best(number) is kind
        assert bench.is_told(number)


def outcome(choice: Choice, pieces: list[bytes]) -> list[object]:
    """Return all that a session puts out, as values that can be compared."""
    session = _session(choice)
    for piece in pieces:
        session.receive_data(1, piece, 1.0)
    told: list[object] = [session.state, session.last_error]
    for output in drain(session):
        if isinstance(output, outputs.UpdateReceived):
            told.append(_of_update(output.update, choice))
        else:
            told.append(output)
    return told


def _session(choice: Choice) -> Session:
    asn = LOCAL_AS if choice.is_internal else PEER_AS
    add_path = AddPathMode.BOTH if choice.add_path else AddPathMode.OFF
    session = new_session(peer_as=asn, families=FAMILIES, add_path=add_path, restart_time_s=120)
    bring_to(State.OPEN_SENT, session)
    if choice.is_established or choice.is_update_body:
        capabilities: list[Capability] = [
            *map(Multiprotocol, FAMILIES),
            RouteRefreshCapability(),
            EnhancedRouteRefresh(),
        ]
        if choice.four_octet_as:
            capabilities.append(FourOctetAS(asn))
        if choice.add_path:
            capabilities.append(AddPath(tuple((family, 3) for family in FAMILIES)))
        session.receive_data(1, peer_open(session.config, asn=asn, capabilities=tuple(capabilities)) + KEEPALIVE, 0.0)
        assert session.state is State.ESTABLISHED
    drain(session)
    return session


def _of_update(update: Update, choice: Choice) -> object:
    assert update.announced_unusable == [], "the session has made withdrawals of these"
    _check_read_back(update, choice)
    announced = [(family, attributes.fields(), keys) for family, attributes, keys in update.announced]
    return announced, update.withdrawn, update.problems, update.end_of_rib


def _check_read_back(update: Update, choice: Choice) -> None:
    """Encode what was announced, decode it, and find the same."""
    add_path = frozenset(FAMILIES) if choice.add_path else frozenset()
    context = DecodeContext(choice.is_internal, choice.four_octet_as, frozenset(FAMILIES), add_path)
    encode = EncodeContext(choice.four_octet_as, 65535, choice.add_path, extended_next_hop=True)
    for family, attributes, keys in update.announced:
        table = AttributeTable()
        known = table.intern_fields(attributes.fields())
        try:
            messages = encode_updates(family, known, keys, encode)
        except AttributesTooLargeError:
            continue
        found = []
        for message in messages:
            again = decode_update(message[19:], context, table)
            assert again.problems == (), f"what we write has problems: {again.problems}"
            [(found_family, found_attributes, found_keys)] = again.announced
            assert (found_family, found_attributes.fields()) == (family, attributes.fields())
            found += found_keys
        assert found == keys
