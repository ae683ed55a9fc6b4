"""Interfaces through pyroute2, and settings under /proc/sys, in a real namespace."""

import asyncio
import errno

import pytest

from lab.kernel_namespace import in_namespace, ip
from tortie.bgp.errors import AddressTextError
from tortie.node.errors import KernelSettingFailed, NetlinkRefused
from tortie.node.interface import SCOPE_LINK, InterfaceAddress, Link
from tortie.node.links import Links
from tortie.node.netlink import RouteSocket
from tortie.node.sysctl import (
    HOST_SETTINGS,
    WORKLOAD_SETTINGS,
    enable_forwarding,
    prepare_workload_interface,
    read_setting,
)


def settled(addresses: list[InterfaceAddress]) -> list[InterfaceAddress]:
    """Without the link-local ones, which come when an interface has found its feet."""
    return sorted(each for each in addresses if each.scope != SCOPE_LINK)


@in_namespace
def test_links_and_addresses_are_those_of_the_packed_netlink() -> None:
    async def main() -> None:
        async with Links() as links:
            with RouteSocket() as socket:
                assert await links.links() == sorted(socket.dump_links())
                assert settled(await links.addresses()) == settled(socket.dump_addresses())
            found = await links.find("v0")
            assert found is not None
            assert (found.name, found.is_up) == ("v0", True)
            assert await links.find("v9") is None

    asyncio.run(main())


@in_namespace
def test_an_interface_is_brought_up_and_given_an_address() -> None:
    ip("link set v1 down")

    async def main() -> Link | None:
        async with Links() as links:
            await links.set_up("v1", mtu=1400)
            await links.add_address("v1", "10.3.0.1", 24)
            await links.add_address("v1", "10.3.0.1", 24)
            await links.add_address("v1", "fd03::1", 64)
            return await links.find("v1")

    link = asyncio.run(main())
    assert link is not None
    assert (link.is_up, link.mtu) == (True, 1400)
    text = ip("addr show dev v1")
    assert "inet 10.3.0.1/24" in text
    assert "inet6 fd03::1/64" in text


@in_namespace
def test_what_the_kernel_refuses_is_named() -> None:
    async def main() -> None:
        async with Links() as links:
            with pytest.raises(NetlinkRefused, match="interface v9: there is none of this name") as caught:
                await links.set_up("v9")
            assert caught.value.errno == errno.ENODEV
            with pytest.raises(NetlinkRefused, match="bring up interface v0: E"):
                await links.set_up("v0", mtu=5)
            with pytest.raises(NetlinkRefused, match=r"add 10\.0\.0\.7/40 to interface v0: E"):
                await links.add_address("v0", "10.0.0.7", 40)
            with pytest.raises(AddressTextError):
                await links.add_address("v0", "10.0.0", 24)

    asyncio.run(main())


@in_namespace
def test_settings() -> None:
    enable_forwarding()
    prepare_workload_interface("v0")
    for path, value in (*HOST_SETTINGS.items(), *WORKLOAD_SETTINGS.items()):
        assert read_setting(path.format(name="v0")) == value
    with pytest.raises(KernelSettingFailed, match="v9"):
        prepare_workload_interface("v9")
