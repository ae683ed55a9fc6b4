"""etcd with authentication: users by password and by certificate, and the roles of docs/datastores.md.

The roles are granted with the very lines of the page; each can do what it is for, and nothing else.
"""

import asyncio
import re
import shlex
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.etcd import Members, running_members
from tortie.ipam import assign_address
from tortie.model import SECRET_PREFIX, IPPool, find_kind, load_manifests
from tortie.node.presence import AGENTS_PREFIX
from tortie.store import Follower, Put, ResourceStore, Store, StoreStatus, StoreUnavailable
from tortie.store.etcd import EtcdStore

PAGE = Path(__file__).parents[2] / "docs" / "datastores.md"
PASSWORD = "geheim-7"
OPERATOR, AGENT, REFLECTOR = "operator", "kube-node1", "reflector"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DEADLINE_S = 30

MANIFESTS = """
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: pool}
spec: {cidr: 192.168.0.0/16}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: kube-node1}
spec: {bgp: {ipv4Address: 10.10.31.193/24}}
---
apiVersion: projectcalico.org/v3
kind: RouteReflector
metadata: {name: 10.10.31.168}
spec: {ip: 10.10.31.168, clusterID: 1.0.0.1}
"""

SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: bgp}
stringData: {edge: a-long-random-word}
"""

ENDPOINT = """
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: kube--node1-cni-abc-eth0, namespace: default}
spec: {orchestrator: cni, node: kube-node1, containerID: abc, endpoint: eth0, ipNetworks: [192.168.0.1/32]}
"""


def page_lines() -> list[str]:
    """Return the lines of the page's block that begins with `etcdctl role add`."""
    block = re.search(r"```sh\n(etcdctl role add .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None, "the page has no such block"
    return block[1].splitlines()


@pytest.fixture(scope="module")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    """Run a member with authentication; the operator is let in by password, the others by their certificates."""
    clients = ("root", "nobody", OPERATOR, AGENT, REFLECTOR)
    with running_members(tmp_path_factory.mktemp("users"), 1, clients) as members:
        for line in page_lines():
            _, *words = shlex.split(line)
            members.control(*words)
        members.control("user", "add", f"secret:{PASSWORD}")
        members.control("user", "grant-role", "secret", "tortie-operator")
        members.control("user", "add", "root", "--no-password")
        members.control("user", "grant-role", "root", "root")
        members.control("auth", "enable")
        yield members


def run(store: EtcdStore, test: Callable[[EtcdStore], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(DEADLINE_S):
            try:
                await test(store)
            finally:
                await store.close()

    asyncio.run(main())


async def fill(store: Store) -> None:
    """Do what an operator does, over again if need be."""
    for resource in load_manifests(MANIFESTS, "test"):
        await ResourceStore(store, lambda: NOW).apply(resource)


async def follows(store: Store) -> None:
    """Do what every agent and reflector does: list all, then watch it."""
    async with aclosing(Follower(store, "/calico/").updates()) as updates:
        first = await anext(updates)
        assert first == StoreStatus(is_connected=True, is_held=False, text="", revision=0)
        state = await anext(updates)
        assert not isinstance(state, StoreStatus)
        assert "/calico/resources/v3/projectcalico.org/nodes/kube-node1" in state.entries
    listing = await store.list("/calico/")
    async with aclosing(store.watch("/calico/", listing.entries[-1].mod_revision - 1, listing.history)) as watch:
        assert await anext(watch)


async def is_announced(store: EtcdStore) -> None:
    """Do what every agent does: hold the key that says that it runs."""
    key = f"{AGENTS_PREFIX}node/x"
    async with asyncio.TaskGroup() as tasks:
        holding = tasks.create_task(store.hold(key, b"", 30))
        while await store.get(key) is None:  # noqa: ASYNC110 - etcd is asked, as anybody would
            await asyncio.sleep(0.01)
        holding.cancel()


async def is_denied(store: Store, key: str) -> None:
    with pytest.raises(StoreUnavailable, match="etcd denies "):
        await store.transact([], [Put(key, b"{}")])


async def cannot_read(store: Store, prefix: str) -> None:
    with pytest.raises(StoreUnavailable, match="etcd denies "):
        await store.list(prefix)
    with pytest.raises(StoreUnavailable, match="etcd denies "):
        async with aclosing(store.watch(prefix, 0)) as watch:
            await anext(watch)


def test_an_operator_writes_everything_of_ours_and_nothing_else(etcd: Members) -> None:
    async def test(store: Store) -> None:
        await fill(store)
        await follows(store)
        await store.list(AGENTS_PREFIX)
        await is_denied(store, f"{AGENTS_PREFIX}node/x")
        await is_denied(store, "/registry/secrets/x")
        await cannot_read(store, "/registry/")
        await cannot_read(store, "")

    run(etcd.store(OPERATOR), test)


def test_an_agent_reads_all_and_writes_addresses_and_endpoints_only(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        await follows(store)
        await is_announced(store)
        pools = [item for item in await ResourceStore(store, lambda: NOW).list("IPPool") if isinstance(item, IPPool)]
        await assign_address(store, AGENT, pools, "cni.abc", NOW)
        [endpoint] = load_manifests(ENDPOINT, "test")
        await ResourceStore(store, lambda: NOW).apply(endpoint)
        plurals = {find_kind(name).plural for name in ("node", "bgpPeer", "ipPool", "bgpConfiguration")}
        for plural in sorted(plurals):
            await is_denied(store, f"/calico/resources/v3/projectcalico.org/{plural}/x")
        await is_denied(store, "/calico/bgp/v1/rr_v4/10.0.0.1")
        await is_denied(store, "/registry/x")
        await cannot_read(store, "/registry/")

    run(etcd.store(OPERATOR), fill)
    run(etcd.store(AGENT), test)


def test_a_reflector_reads_only(etcd: Members) -> None:
    async def test(store: EtcdStore) -> None:
        await follows(store)
        await is_announced(store)
        for key in ("/calico/bgp/v1/rr_v4/10.0.0.1", "/calico/ipam/v2/handle/x", "/registry/x"):
            await is_denied(store, key)
        await cannot_read(store, "/registry/")

    run(etcd.store(OPERATOR), fill)
    run(etcd.store(REFLECTOR), test)


def test_secrets_are_for_agents_and_those_who_write_them(etcd: Members) -> None:
    async def write(store: Store) -> None:
        [secret] = load_manifests(SECRET, "test")
        await ResourceStore(store, lambda: NOW).apply(secret)

    async def read(store: Store) -> None:
        async with aclosing(Follower(store, SECRET_PREFIX).updates()) as updates:
            assert await anext(updates) == StoreStatus(is_connected=True, is_held=False, text="", revision=0)
            state = await anext(updates)
        assert not isinstance(state, StoreStatus)
        assert list(state.entries) == [f"{SECRET_PREFIX}bgp"]
        await is_denied(store, f"{SECRET_PREFIX}bgp")

    run(etcd.store(OPERATOR), write)
    run(etcd.store(AGENT), read)
    run(etcd.store(REFLECTOR), read)
    without = etcd.store("nobody", ETCD_USERNAME="secret", ETCD_PASSWORD=PASSWORD)
    run(without, lambda store: cannot_read(store, SECRET_PREFIX))


def test_a_certificate_that_names_no_user_may_nothing(etcd: Members) -> None:
    run(etcd.store("nobody"), lambda store: cannot_read(store, "/calico/"))


def test_a_user_with_a_password_goes_before_the_certificate(etcd: Members) -> None:
    run(etcd.store("nobody", ETCD_USERNAME="secret", ETCD_PASSWORD=PASSWORD), fill)


def test_a_wrong_password_is_said_and_never_shown(etcd: Members) -> None:
    async def test(store: Store) -> None:
        with pytest.raises(StoreUnavailable) as caught:
            await store.list("/calico/")
        assert str(caught.value) == "etcd does not let in user secret: check ETCD_USERNAME and ETCD_PASSWORD"

    run(etcd.store("nobody", ETCD_USERNAME="secret", ETCD_PASSWORD="not-" + PASSWORD), test)


def test_a_token_that_is_no_longer_good_is_renewed(etcd: Members) -> None:
    """As after its time has run out: etcd forgets a user's tokens when the password is set."""

    async def test(store: Store) -> None:
        await store.list("/calico/")
        await asyncio.to_thread(etcd.control, "user", "delete", "secret")
        await asyncio.to_thread(etcd.control, "user", "add", f"secret:{PASSWORD}")
        await asyncio.to_thread(etcd.control, "user", "grant-role", "secret", "tortie-operator")
        async with asyncio.TaskGroup() as tasks:  # all find out at the same moment
            for _ in range(20):
                tasks.create_task(store.list("/calico/"))
        await fill(store)
        await follows(store)

    run(etcd.store("nobody", ETCD_USERNAME="secret", ETCD_PASSWORD=PASSWORD), test)
