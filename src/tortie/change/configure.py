"""`calicoctl config`: the settings of the whole network, and a node's own log level.

What it is for: reading and writing the BGPConfiguration that holds a setting, so that two who set different names at
once do not undo one another. What it is NOT for: names, values and their rules (``model.config_names``), and
``--raw`` (``raw_settings.py``).
"""

from collections.abc import Callable
from typing import Final

from tortie.model import BGPConfiguration
from tortie.model.config_names import configuration_name, get_config, set_config, unset_config
from tortie.store import AlreadyExists, Conflict, NotFound, ResourceStore, StoreUnavailable

__all__ = ["get_setting", "set_setting", "unset_setting"]

WRITE_TRIES_MAX: Final = 20
"""How often a change is made anew because another one came first; then StoreUnavailable."""

KIND: Final = BGPConfiguration.kind_name()


async def get_setting(store: ResourceStore, name: str, node: str | None = None) -> str:
    """Return what ``config get`` prints.

    Args:
        store: the datastore.
        name: in any case.
        node: the node whose own value is asked for, or None for the global one.

    Raises:
        ConfigInvalid: unknown name, or a node given for a global one.
    """
    of_node = await _stored(store, configuration_name(node)) if node else None
    return get_config(name, await _stored(store, configuration_name(None)), node=node, of_node=of_node)


async def set_setting(store: ResourceStore, name: str, value: str, node: str | None = None) -> None:
    """Set a value, making the configuration that holds it if there is none.

    Raises:
        ConfigInvalid: unknown name, a value that cannot be used, or a node given for a global name.
    """
    await _change(store, node, lambda current: set_config(name, value, current, node=node))


async def unset_setting(store: ResourceStore, name: str, node: str | None = None) -> None:
    """Take a value away: a global name has its default again, a node's is inherited.

    Raises:
        ConfigInvalid: unknown name, or a node given for a global one.
    """
    await _change(store, node, lambda current: unset_config(name, current, node=node))


async def _change(
    store: ResourceStore,
    node: str | None,
    changed: Callable[[BGPConfiguration | None], BGPConfiguration | None],
) -> None:
    """Write what `changed` makes of the stored configuration; anew when somebody else wrote it meanwhile."""
    for _ in range(WRITE_TRIES_MAX):
        current = await _stored(store, configuration_name(node))
        wanted = changed(current)
        if wanted is None or wanted == current:
            return
        try:
            await (store.create(wanted) if current is None else store.replace(wanted))
        except (AlreadyExists, Conflict, NotFound):
            continue
        return
    raise StoreUnavailable(
        f"{KIND} '{configuration_name(node)}' was overtaken by other writers {WRITE_TRIES_MAX} times: try again"
    )


async def _stored(store: ResourceStore, name: str) -> BGPConfiguration | None:
    try:
        resource = await store.get(KIND, name)
    except NotFound:
        return None
    assert isinstance(resource, BGPConfiguration), f"{KIND} '{name}' was read as {type(resource).__name__}"
    return resource
