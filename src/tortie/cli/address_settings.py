"""What `ipam configure` sets and `ipam show --show-configuration` shows.

What it is for: the one resource IPAMConfiguration, made where it is not there. What it is NOT for: its rules
(``model``).
"""

import json
from collections.abc import Mapping
from typing import Final

from tortie.change.patching import patch_resource
from tortie.cli.tables import boxed_table
from tortie.model import IPAM_CONFIGURATION_NAME, IPAMConfiguration
from tortie.store import AlreadyExists, NotFound, ResourceStore

__all__ = ["configuration_text", "configure"]

KIND: Final = IPAMConfiguration.kind_name()
HEADINGS: Final = ("PROPERTY", "VALUE")


async def configure(store: ResourceStore, changes: Mapping[str, object]) -> str:
    """Change fields of the configuration and return what to say.

    Raises:
        ResourceInvalid: it cannot be so.
    """
    default = IPAMConfiguration.from_data({"metadata": {"name": IPAM_CONFIGURATION_NAME}, "spec": dict(changes)})
    try:
        await store.create(default)
    except AlreadyExists:
        await patch_resource(store, KIND, IPAM_CONFIGURATION_NAME, {"spec": dict(changes)})
    return "\n".join(f"Successfully set {_title(name)} to: {_shown(value)}" for name, value in changes.items())


async def configuration_text(store: ResourceStore, *, is_json: bool) -> str:
    """Return the configuration in force, defaults where none is stored."""
    try:
        found = await store.get(KIND, IPAM_CONFIGURATION_NAME)
    except NotFound:
        found = IPAMConfiguration.from_data({"metadata": {"name": IPAM_CONFIGURATION_NAME}})
    spec = found.to_data()["spec"]
    if is_json:
        return json.dumps(spec, indent=2)
    return boxed_table(HEADINGS, [(_title(name), _shown(value)) for name, value in spec.items()]).rstrip("\n")


def _title(name: str) -> str:
    return name[0].upper() + name[1:]


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
