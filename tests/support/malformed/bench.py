"""A real engine with one external and one internal session; one of them is given what a row says.

Both prefixes of `FAMILIES` are announced by both peers, the other one's paths being worse. So a path that goes leaves
the other one's best, and the other peer is sent, or told to forget, what the peer under test announces.
"""

from dataclasses import dataclass, field, replace

from support.malformed.row import LOCAL_AS, PEER_AS, Kind, Side
from support.wire import NEXT_HOP6, ORIGIN, PREFIX, PREFIX6, attribute, mp_reach, update_body
from support.world import steady
from tortie.bgp.engine import CloseConnection, Engine, PeerConfig, PeerKey, SendBytes, SessionOptions, SpeakerConfig
from tortie.bgp.engine.peer import Peer
from tortie.bgp.policy import ACCEPT_ALL
from tortie.bgp.rib import Path
from tortie.bgp.session import AddPathMode, State
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    KEEPALIVE,
    Family,
    MessageReader,
    MessageType,
    Notification,
    decode_notification,
    decode_update,
    encode_message,
)

OWN_ROUTER_ID = 0x0A000001
OWN_CLUSTER_ID = 0x01000001
OWN_ADDRESS = "192.0.2.1"
OWN_ADDRESS6 = "2001:db8::ff"
PEER_ADDRESSES = {Kind.EBGP: "192.0.2.2", Kind.IBGP: "192.0.2.3"}
PEER_ASNS = {Kind.EBGP: PEER_AS, Kind.IBGP: LOCAL_AS}
FAMILIES = {"4": (IPV4_UNICAST, PREFIX), "6": (IPV6_UNICAST, PREFIX6)}
WORSE_PATH_LENGTH = 30

MULTIPROTOCOL = bytes.fromhex("010400010001010400020001")
ROUTE_REFRESH = bytes.fromhex("0200")


def capability(code: int, value: bytes = b"") -> bytes:
    """One capability as octets."""
    return bytes((code, len(value))) + value


def open_message(
    asn: int,
    router_id: int,
    *,
    version: int = 4,
    hold_time_s: int = 0,
    capabilities: bytes | None = None,
    parameters: bytes | None = None,
) -> bytes:
    """An OPEN put together by hand; `parameters` is all that follows the router id."""
    if capabilities is None:
        capabilities = MULTIPROTOCOL + ROUTE_REFRESH + capability(65, asn.to_bytes(4))
    if parameters is None:
        parameters = bytes((len(capabilities) + 2, 2, len(capabilities))) + capabilities
    body = bytes((version,)) + asn.to_bytes(2) + hold_time_s.to_bytes(2) + router_id.to_bytes(4) + parameters
    return encode_message(MessageType.OPEN, body)


def update(block: bytes = b"", nlri: bytes = b"", withdrawn: bytes = b"") -> bytes:
    """A whole UPDATE."""
    return encode_message(MessageType.UPDATE, update_body(block, nlri, withdrawn))


def med(value: int) -> bytes:
    """MULTI_EXIT_DISC, by which the tests tell one UPDATE from the next."""
    return attribute(0x80, 4, value.to_bytes(4))


@dataclass(eq=False)
class Remote:
    """A peer of the engine: what it is sent, and the prefixes that it holds after all of that."""

    kind: Kind
    side: Side
    connection: int
    reader: MessageReader = field(default_factory=MessageReader)
    holds: set[tuple[Family, bytes]] = field(default_factory=set)
    notification: Notification | None = None
    was_opened: bool = False
    is_closed: bool = False


class Bench:
    """The engine and its two peers.

    Args:
        kind: of the session under test; the other session is of the other kind.
        four_octet_as: the peer under test has RFC 6793.
        capabilities: further ones in its OPEN.
        has_any_as: its AS number is not configured, whichever its OPEN says will do.
    """

    def __init__(
        self, kind: Kind, *, four_octet_as: bool = True, capabilities: bytes = b"", has_any_as: bool = False
    ) -> None:
        self._has_any_as = has_any_as
        self.now = 0.0
        self.kind = kind
        self._connections = 0
        self.remotes: list[Remote] = []
        self._has_add_path = capabilities.startswith(b"\x45")
        config = SpeakerConfig(
            local_as=LOCAL_AS,
            router_id=OWN_ROUTER_ID,
            cluster_id=OWN_CLUSTER_ID,
            next_hops=((IPV6_UNICAST, OWN_ADDRESS6),),
        )
        self.engine = Engine(config, steady)
        self.engine.reconfigure([self._peer(each) for each in Kind], (), self.now)
        other_kind = Kind.IBGP if kind is Kind.EBGP else Kind.EBGP
        self.other = self._connect(other_kind, Side(other_kind, four_octet_as=True))
        self._open(self.other, b"")
        side = Side(kind, four_octet_as)
        for number in FAMILIES:
            path = self.other.side.as_path(*[PEER_AS] * WORSE_PATH_LENGTH)
            self.feed(self.other, announcement(number, ORIGIN + path))
        self.side = side
        self._capabilities = capabilities
        self.tested = self._connect(kind, side)

    def _peer(self, kind: Kind) -> PeerConfig:
        options = SessionOptions(
            local_as=LOCAL_AS,
            peer_as=0 if self._has_any_as and kind is self.kind else PEER_ASNS[kind],
            families=(IPV4_UNICAST, IPV6_UNICAST),
            passive=True,
            is_client=kind is Kind.IBGP,
            import_filter=ACCEPT_ALL,
            export_filter=ACCEPT_ALL,
            hold_time_s=0,
            restart_time_s=0,
            add_path=AddPathMode.RECEIVE if self._has_add_path and kind is self.kind else AddPathMode.OFF,
        )
        return PeerConfig(local_address=OWN_ADDRESS, remote_address=PEER_ADDRESSES[kind], options=options)

    # ---------------------------------------------------------------- driving

    def _connect(self, kind: Kind, side: Side) -> Remote:
        self._connections += 1
        remote = Remote(kind, side, self._connections)
        self.remotes = [each for each in self.remotes if each.kind is not kind] + [remote]
        self.engine.accept(remote.connection, PEER_ADDRESSES[kind], OWN_ADDRESS, self.now)
        self.settle()
        return remote

    def _open(self, remote: Remote, capabilities: bytes) -> None:
        self.feed(remote, self.sound_open(remote, capabilities))
        self.feed(remote, KEEPALIVE)

    def sound_open(self, remote: Remote, capabilities: bytes = b"") -> bytes:
        """The OPEN that the peer under test should send."""
        asn = PEER_ASNS[remote.kind]
        four_octet_as = capability(65, asn.to_bytes(4)) if remote.side.four_octet_as else b""
        router_id = 0x0A000002 if remote.kind is Kind.EBGP else 0x0A000003
        return open_message(asn, router_id, capabilities=MULTIPROTOCOL + ROUTE_REFRESH + four_octet_as + capabilities)

    def bring_up(self) -> None:
        """Lead the session under test to Established."""
        self._open(self.tested, self._capabilities)

    def half_open(self) -> None:
        """Lead the session under test to OpenConfirm."""
        self.feed(self.tested, self.sound_open(self.tested, self._capabilities))

    def announce(self, mark: int) -> None:
        """Let the peer under test announce both routes, well-formed, with this MED."""
        for number in FAMILIES:
            path_id = bytes((0, 0, 0, 1)) if self._has_add_path and number == "4" else b""
            self.feed(self.tested, announcement(number, ORIGIN + self.side.as_path(PEER_AS) + med(mark), path_id))

    def feed(self, remote: Remote, data: bytes) -> None:
        """Give the engine what a peer sends."""
        self.engine.receive_data(remote.connection, data, self.now)
        self.settle()

    def settle(self) -> None:
        """Carry out what the engine wants; peers read everything at once."""
        engine = self.engine
        while True:
            engine.flush(self.now)
            output = engine.next_output()
            if output is None:
                return
            match output:
                case SendBytes(connection, buffers):
                    self._deliver(connection, b"".join(buffers))
                    engine.drained(connection, self.now)
                case CloseConnection(connection):
                    self._remote(connection).is_closed = True

    def _remote(self, connection: int) -> Remote:
        return next(each for each in self.remotes if each.connection == connection)

    def _deliver(self, connection: int, data: bytes) -> None:
        remote = self._remote(connection)
        remote.reader.feed(data)
        while (message := remote.reader.next_message()) is not None:
            message_type, body = message
            if message_type is MessageType.NOTIFICATION:
                remote.notification = decode_notification(body)
            elif message_type is MessageType.OPEN:
                remote.was_opened = True
            elif message_type is MessageType.UPDATE:
                self._take_update(remote, body)

    def _take_update(self, remote: Remote, body: bytes) -> None:
        """Apply an UPDATE as the peer would; what we send has no problems."""
        negotiated = self.peer(remote.kind).negotiated
        assert negotiated is not None, "only an established peer is sent routes"
        decoded = decode_update(body, replace(negotiated.decode, add_path=frozenset()), self.engine.table)
        assert decoded.problems == ()
        for family, keys in decoded.withdrawn:
            remote.holds.difference_update((family, key) for key in keys)
        for family, _, keys in decoded.announced:
            remote.holds.update((family, key) for key in keys)

    def reconnect(self) -> None:
        """Come back once the engine lets the peer: after IdleHoldTimer."""
        self.tested = self._connect(self.kind, self.side)
        while not self.tested.was_opened:
            timer = self.engine.next_timer()
            assert timer is not None, "the session comes back by itself"
            self.now = max(self.now, timer)
            self.engine.handle_timer(self.now)
            self.settle()
        self._open(self.tested, self._capabilities)

    # ---------------------------------------------------------------- looking

    def peer(self, kind: Kind) -> Peer:
        """The engine's peer of this kind."""
        return self.engine.peers[PeerKey(OWN_ADDRESS, PEER_ADDRESSES[kind], 179)]

    @property
    def state(self) -> State:
        """Of the session under test."""
        return self.peer(self.kind).session.state

    def path(self, number: str) -> Path | None:
        """What is kept of the peer under test for a route: "4" or "6"."""
        family, key = FAMILIES[number]
        source = self.peer(self.kind).source
        if source is None:
            return None
        kept = dict(self.engine.rib.adj_rib_ins[source, family].by_prefix())
        return kept.get(key)

    def best(self, number: str) -> Kind:
        """Whose path is best: an external or the internal peer's."""
        family, key = FAMILIES[number]
        best = self.engine.rib.loc_rib(family).decisions[key].best
        assert best is not None, "the other peer's path is always there"
        return next(kind for kind, address in PEER_ADDRESSES.items() if best.source.name == address)

    def is_told(self, number: str) -> bool:
        """Whether the other peer holds the route, which it has from the peer under test alone."""
        return FAMILIES[number] in self.other.holds


def announcement(number: str, block: bytes, path_id: bytes = b"") -> bytes:
    """UPDATE for one of the two prefixes; `block` without next hop."""
    if number == "6":
        return update(mp_reach(PREFIX6, NEXT_HOP6) + block)
    return update(block + attribute(0x40, 3, bytes((10, 0, 0, 1))), path_id + PREFIX)
