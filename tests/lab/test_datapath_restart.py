"""A node that restarts keeps its kernel routes: the data path against the real kernel, the peer made of bytes."""

import asyncio

import pytest

from lab.kernel_namespace import in_namespace, ip_batch, routes
from support.world import LOCAL_AS, identifier, peer, steady
from tortie.bgp.engine import (
    BestPathsChanged,
    EndOfRIBReceived,
    Engine,
    NextHopsWanted,
    SpeakerConfig,
)
from tortie.bgp.engine.restart import SELECTION_DEFERRAL_S
from tortie.bgp.wire import (
    IPV4_UNICAST,
    KEEPALIVE,
    AttributeTable,
    EncodeContext,
    FourOctetAS,
    GracefulRestart,
    MessageReader,
    Multiprotocol,
    Open,
    address_from_text,
    decode_open,
    encode_end_of_rib,
    encode_open,
    encode_updates,
    prefix_from_text,
)
from tortie.fabric import NodeIntent
from tortie.node.datapath import DEFERRAL_S, Datapath
from tortie.node.kernel_event import RouteChanged
from tortie.node.netlink_monitor import RouteMonitor
from tortie.node.route import route_key

OWN, PEER = "10.0.0.1", "10.0.0.9"
KEPT, GONE = "10.2.0.0/16", "10.3.0.0/16"
DEADLINE_S = 10.0
INTENT = NodeIntent(name="n1", kind="node", router_id=OWN, local_as=LOCAL_AS, address_v4=OWN)


class Node:
    """An engine with a data path, without a socket: what it says is kept."""

    def __init__(self) -> None:
        config = SpeakerConfig(local_as=LOCAL_AS, router_id=identifier(OWN), resolve_next_hops=True)
        self.engine = Engine(config, steady, reports_best_paths=True, is_restarting=True)
        self.said = b""
        self.datapath = Datapath(self.engine, lambda _prefixes: None, self.wake)
        peers = [peer(OWN, PEER, passive=True, hold_time_s=0)]
        self.engine.reconfigure(peers, (), self.now)
        self.datapath.apply(INTENT, [(each.key, each.options.families) for each in peers])

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wake(self) -> None:
        asyncio.get_running_loop().call_soon(self.pump)

    def pump(self) -> None:
        self.engine.flush(self.now)
        while (output := self.engine.next_output()) is not None:
            match output:
                case BestPathsChanged():
                    self.datapath.write(output)
                case EndOfRIBReceived():
                    self.datapath.note_end_of_rib(output)
                case NextHopsWanted():
                    self.datapath.follow(output)
                case _:
                    self.said += b"".join(getattr(output, "buffers", ()))

    def hear(self, data: bytes) -> None:
        self.engine.receive_data(1, data, self.now)
        self.pump()

    def own_restart(self) -> GracefulRestart:
        reader = MessageReader()
        reader.feed(self.said)
        message = reader.next_message()
        assert message is not None
        [found] = [each for each in decode_open(message[1]).capabilities if isinstance(each, GracefulRestart)]
        return found


def whole_table() -> bytes:
    """What a peer sends that has one route, in one piece: OPEN to End-of-RIB."""
    restart = GracefulRestart(False, True, 120, ((IPV4_UNICAST, True),))
    capabilities = (Multiprotocol(IPV4_UNICAST), FourOctetAS(LOCAL_AS), restart)
    opening = Open(asn=LOCAL_AS, hold_time_s=0, router_id=9, capabilities=capabilities)
    attributes = AttributeTable().intern(next_hop=address_from_text(PEER), local_pref=100)
    nlris = [prefix_from_text(KEPT)[1]]
    updates = encode_updates(IPV4_UNICAST, attributes, nlris, EncodeContext(four_octet_as=True))
    return encode_open(opening) + KEEPALIVE + b"".join(updates) + encode_end_of_rib(IPV4_UNICAST)


@pytest.mark.rfc("4724", "3")
@pytest.mark.rfc("4724", "4.1")
@in_namespace
def test_routes_of_an_earlier_run_are_announced_as_preserved_and_never_missing() -> None:
    """All comes in one piece: the route must not be deleted while the kernel has yet to say where its next hop is."""
    ip_batch(f"""
        route add {KEPT} via {PEER} proto 77
        route add {GONE} via {PEER} proto 77
    """)

    async def scenario() -> None:
        node = Node()
        with RouteMonitor() as monitor:
            async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
                kernel = tasks.create_task(node.datapath.run())
                node.engine.accept(1, PEER, OWN, node.now)
                node.pump()
                node.hear(whole_table())
                while len(routes()) == 2:  # noqa: ASYNC110 - what is waited for happens in the kernel
                    await asyncio.sleep(0.002)
                kernel.cancel()
            node.datapath.close()
            gone = [event.key for event in monitor.read() if isinstance(event, RouteChanged) and event.is_gone]
        assert gone == [route_key(GONE)]
        assert node.own_restart().is_restarting
        assert dict(node.own_restart().families) == {IPV4_UNICAST: True}
        assert node.engine.deferred_families == ()

    asyncio.run(scenario())
    assert routes() == [f"{KEPT} via {PEER} dev v0"]


@pytest.mark.rfc("4724", "3")
@in_namespace
def test_without_routes_of_an_earlier_run_nothing_was_preserved() -> None:
    async def scenario() -> None:
        node = Node()
        node.engine.accept(1, PEER, OWN, node.now)
        node.pump()
        node.datapath.close()
        assert dict(node.own_restart().families) == {IPV4_UNICAST: False}

    asyncio.run(scenario())


def test_the_sweep_comes_after_the_deferred_choice() -> None:
    assert DEFERRAL_S > SELECTION_DEFERRAL_S
