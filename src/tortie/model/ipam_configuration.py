"""IPAMConfiguration: how blocks and addresses are handed out, for the whole cluster.

There is one, named `default`. In the datastore it stands where the address managers read it,
``/calico/ipam/v2/config``, in their spelling (`engine_form`, `from_engine_form`). What it is NOT for: handing out
addresses (``ipam``).
"""

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from tortie.model.base import Model
from tortie.model.fields import Boolean, Expected, as_text, integer_between, word_of
from tortie.model.resource import Metadata, Resource

IPAM_CONFIGURATION_NAME: Final = "default"
BLOCKS_PER_HOST_MAX: Final = 1_000_000
COOLDOWN_S_MAX: Final = 1200

_ENGINE_NAMES: Final = {"strictAffinity": "strict_affinity", "autoAllocateBlocks": "auto_allocate_blocks"}
"""Fields that the address managers spell otherwise; the rest is spelled alike."""


class AddressPersistence(StrEnum):
    """Whether a virtual machine keeps its addresses when it moves or restarts."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"


def _only_name(value: object) -> str:
    if as_text(value) != IPAM_CONFIGURATION_NAME:
        raise Expected(f"{IPAM_CONFIGURATION_NAME}, the only one there is")
    return IPAM_CONFIGURATION_NAME


class IPAMConfigurationMetadata(Metadata):
    """Metadata whose name is `default`."""

    name: Annotated[str, BeforeValidator(_only_name)] = Field(description=f"the name {IPAM_CONFIGURATION_NAME}")


class IPAMConfigurationSpec(Model):
    """Settings. `max_blocks_per_host` 0 means no limit of its own."""

    strict_affinity: Boolean = False
    auto_allocate_blocks: Boolean = True
    max_blocks_per_host: Annotated[int, BeforeValidator(integer_between(0, BLOCKS_PER_HOST_MAX))] = 0
    kube_virt_vm_address_persistence: (
        Annotated[AddressPersistence, BeforeValidator(word_of(AddressPersistence))] | None
    ) = Field(default=None, alias="kubeVirtVMAddressPersistence")
    ip_cooldown_seconds: Annotated[int, BeforeValidator(integer_between(0, COOLDOWN_S_MAX))] | None = None

    @model_validator(mode="after")
    def _rules(self) -> "IPAMConfigurationSpec":
        if not self.strict_affinity and not self.auto_allocate_blocks:
            raise Expected("true where strictAffinity is false", field=("autoAllocateBlocks",))
        if self.max_blocks_per_host and not self.strict_affinity:
            raise Expected("0 where strictAffinity is false", field=("maxBlocksPerHost",))
        return self


class IPAMConfiguration(Resource):
    """The settings of address management."""

    kind: Literal["IPAMConfiguration"] = "IPAMConfiguration"
    metadata: IPAMConfigurationMetadata
    spec: IPAMConfigurationSpec = Field(default_factory=IPAMConfigurationSpec)


def engine_form(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a spec as the address managers keep it."""
    return {_ENGINE_NAMES.get(name, name): value for name, value in spec.items()}


def from_engine_form(value: dict[str, Any]) -> dict[str, Any]:
    """Return the spec of what an address manager kept.

    They leave out what is false, so an absent `auto_allocate_blocks` is false; but where both are absent nothing was
    set, since both cannot be false.
    """
    names = {engine: name for name, engine in _ENGINE_NAMES.items()}
    spec = {names.get(name, name): item for name, item in value.items()}
    return {"autoAllocateBlocks": not spec.get("strictAffinity", False), **spec}
