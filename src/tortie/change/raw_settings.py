"""`calicoctl config --raw`: settings of a component by its own names, unchecked, under Calico v2's keys.

What it is for: keeping what tools of that generation write and read. What it is NOT for: settings that tortie itself
acts on; those are in ``configure.py``.

| component | global key | key of a node |
|---|---|---|
| bgp | /calico/bgp/v1/global/NAME | /calico/bgp/v1/host/NODE/NAME |
| felix | /calico/v1/config/NAME | /calico/v1/host/NODE/config/NAME |
"""

from enum import StrEnum

from tortie.store import Delete, Put, Store

__all__ = ["Component", "get_raw_setting", "set_raw_setting", "unset_raw_setting"]


class Component(StrEnum):
    """Whose settings."""

    BGP = "bgp"
    FELIX = "felix"


async def get_raw_setting(store: Store, component: Component, name: str, node: str | None = None) -> str | None:
    """Return the value as it is stored, None when it is unset."""
    entry = await store.get(_key(component, name, node))
    return None if entry is None else entry.value.decode(errors="replace")


async def set_raw_setting(store: Store, component: Component, name: str, value: str, node: str | None = None) -> None:
    """Store the value. Raises InvalidRequest for a name or value that is too long."""
    await store.transact([], [Put(_key(component, name, node), value.encode())])


async def unset_raw_setting(store: Store, component: Component, name: str, node: str | None = None) -> None:
    """Remove the value; no error when there is none."""
    await store.transact([], [Delete(_key(component, name, node))])


def _key(component: Component, name: str, node: str | None) -> str:
    match component, node:
        case Component.BGP, None:
            return f"/calico/bgp/v1/global/{name}"
        case Component.BGP, _:
            return f"/calico/bgp/v1/host/{node}/{name}"
        case _, None:
            return f"/calico/v1/config/{name}"
        case _:
            return f"/calico/v1/host/{node}/config/{name}"
