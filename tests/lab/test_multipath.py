"""Equal paths in the real kernel: one route with a next hop each, IPv6 ones of IPv4 routes among them."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from lab.kernel_namespace import in_namespace, routes
from support.world import LOCAL_AS, identifier, peer, steady
from tortie.bgp.engine import BestPathsChanged, Engine, NextHopsWanted, SpeakerConfig
from tortie.bgp.wire import (
    IPV4_UNICAST,
    KEEPALIVE,
    AttributeTable,
    EncodeContext,
    ExtendedNextHop,
    FourOctetAS,
    Multiprotocol,
    Open,
    address_from_text,
    encode_open,
    encode_updates,
    encode_withdrawals,
    prefix_from_text,
)
from tortie.fabric import NodeIntent
from tortie.node.datapath import Datapath

OWN = "10.0.0.1"
PEERS = ("10.0.0.8", "10.0.0.9")
PREFIX = "10.2.0.0/16"
NLRI = prefix_from_text(PREFIX)[1]
DEADLINE_S = 10.0
CONTEXT = EncodeContext(four_octet_as=True, extended_next_hop=True)
INTENT = NodeIntent(name="n1", kind="node", router_id=OWN, local_as=LOCAL_AS, address_v4=OWN)


class Node:
    """An engine with a data path; its peers are bytes."""

    def __init__(self, paths_max: int) -> None:
        config = SpeakerConfig(
            local_as=LOCAL_AS, router_id=identifier(OWN), resolve_next_hops=True, paths_max=paths_max
        )
        self.engine = Engine(config, steady, reports_best_paths=True)
        self.datapath = Datapath(self.engine, lambda _prefixes: None, self.wake)
        peers = [peer(OWN, each, passive=True, hold_time_s=0, extended_next_hop=True) for each in PEERS]
        self.engine.reconfigure(peers, (), self.now)
        self.datapath.apply(INTENT, [])

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
                case NextHopsWanted():
                    self.datapath.follow(output)
                case _:
                    pass

    def meet(self, connection: int) -> None:
        address = PEERS[connection - 1]
        capabilities = (
            Multiprotocol(IPV4_UNICAST), FourOctetAS(LOCAL_AS), ExtendedNextHop(((IPV4_UNICAST, 2),)),
        )  # fmt: skip
        opening = Open(asn=LOCAL_AS, hold_time_s=0, router_id=identifier(address), capabilities=capabilities)
        self.engine.accept(connection, address, OWN, self.now)
        self.hear(connection, encode_open(opening) + KEEPALIVE)

    def announce(self, connection: int, next_hop: str) -> None:
        attributes = AttributeTable().intern(next_hop=address_from_text(next_hop), local_pref=100)
        self.hear(connection, b"".join(encode_updates(IPV4_UNICAST, attributes, [NLRI], CONTEXT)))

    def hear(self, connection: int, data: bytes) -> None:
        self.engine.receive_data(connection, data, self.now)
        self.pump()


def run(paths_max: int, scenario: Callable[[Node], Coroutine[object, object, None]]) -> None:
    async def main() -> None:
        node = Node(paths_max)
        try:
            async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
                kernel = tasks.create_task(node.datapath.run())
                for connection, _ in enumerate(PEERS, 1):
                    node.meet(connection)
                try:
                    await scenario(node)
                finally:
                    kernel.cancel()
        finally:
            node.datapath.close()

    asyncio.run(main())


async def until(expected: list[str]) -> None:
    try:
        while routes() != expected:  # noqa: ASYNC110 - what is waited for happens in the kernel
            await asyncio.sleep(0.002)
    except asyncio.CancelledError:
        raise AssertionError(f"{routes()}, expected {expected}") from None


@in_namespace
def test_a_route_with_two_next_hops_that_come_and_go() -> None:
    async def scenario(node: Node) -> None:
        node.announce(1, "10.0.0.8")
        await until([f"{PREFIX} via 10.0.0.8 dev v0"])
        node.announce(2, "10.0.0.9")
        await until([f"{PREFIX} nexthop via 10.0.0.8 dev v0 weight 1 nexthop via 10.0.0.9 dev v0 weight 1"])
        node.hear(1, b"".join(encode_withdrawals(IPV4_UNICAST, [NLRI], CONTEXT)))
        await until([f"{PREFIX} via 10.0.0.9 dev v0"])

    run(64, scenario)


@pytest.mark.rfc("8950", "3")
@in_namespace
def test_ipv6_next_hops_of_an_ipv4_route() -> None:
    async def scenario(node: Node) -> None:
        node.announce(1, "fd00::9")
        await until([f"{PREFIX} via inet6 fd00::9 dev v0"])
        node.announce(2, "fd00::8")
        ways = ("nexthop via inet6 fd00::8 dev v0 weight 1", "nexthop via inet6 fd00::9 dev v0 weight 1")
        await until([f"{PREFIX} {' '.join(ways)}"])

    run(64, scenario)


@in_namespace
def test_one_next_hop_where_only_one_may_be() -> None:
    async def scenario(node: Node) -> None:
        node.announce(2, "10.0.0.9")
        await until([f"{PREFIX} via 10.0.0.9 dev v0"])
        node.announce(1, "10.0.0.8")
        await until([f"{PREFIX} via 10.0.0.8 dev v0"])

    run(1, scenario)
