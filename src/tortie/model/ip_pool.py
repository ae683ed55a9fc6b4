"""IPPool: a range from which workloads get addresses, and how its traffic travels.

What it is NOT for: handing out addresses (``ipam``) or checking pools against one another (``fabric``).
"""

import ipaddress
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from tortie.model.base import Model
from tortie.model.fields import IPV4, Boolean, Expected, Integer, NetworkText, Text, Timestamp, word_of
from tortie.model.resource import Resource
from tortie.model.selector import SelectorText

BLOCK_SIZE_V4_DEFAULT: Final = 26
BLOCK_SIZE_V6_DEFAULT: Final = 122
BLOCK_SIZES_V4: Final = range(20, 33)
BLOCK_SIZES_V6: Final = range(116, 129)


class EncapsulationMode(StrEnum):
    """When traffic between nodes is encapsulated."""

    NEVER = "Never"
    ALWAYS = "Always"
    CROSS_SUBNET = "CrossSubnet"


class AllowedUse(StrEnum):
    """What addresses of a pool may be used for."""

    WORKLOAD = "Workload"
    TUNNEL = "Tunnel"
    LOAD_BALANCER = "LoadBalancer"


class AssignmentMode(StrEnum):
    """Whether addresses are taken without being asked for by pool."""

    AUTOMATIC = "Automatic"
    MANUAL = "Manual"


Mode = Annotated[EncapsulationMode, BeforeValidator(word_of(EncapsulationMode, empty_means=EncapsulationMode.NEVER))]


class IPPoolSpec(Model):
    """A pool. `block_size` is a prefix length; it is filled in from the family where unset."""

    cidr: NetworkText = Field(description="a network such as 192.168.0.0/16")
    ipip_mode: Mode = EncapsulationMode.NEVER
    vxlan_mode: Mode = EncapsulationMode.NEVER
    nat_outgoing: Boolean = False
    disabled: Boolean = False
    disable_bgp_export: Boolean = Field(default=False, alias="disableBGPExport")
    block_size: Integer = 0
    node_selector: SelectorText = "all()"
    namespace_selector: SelectorText | None = None
    allowed_uses: tuple[Annotated[AllowedUse, BeforeValidator(word_of(AllowedUse))], ...] = (
        AllowedUse.WORKLOAD,
        AllowedUse.TUNNEL,
    )
    assignment_mode: Annotated[AssignmentMode, BeforeValidator(word_of(AssignmentMode))] = AssignmentMode.AUTOMATIC

    @model_validator(mode="before")
    @classmethod
    def _fill_block_size(cls, data: object) -> object:
        """Give a pool without block size (or with 0) the default of its family."""
        if not isinstance(data, Mapping) or data.get("blockSize") or data.get("block_size"):
            return data
        size = BLOCK_SIZE_V6_DEFAULT if ":" in str(data.get("cidr")) else BLOCK_SIZE_V4_DEFAULT
        return {key: value for key, value in data.items() if key != "block_size"} | {"blockSize": size}

    @model_validator(mode="after")
    def _rules(self) -> "IPPoolSpec":
        for is_broken, field, expected in (*_size_rules(self), *_use_rules(self)):
            if is_broken:
                raise Expected(expected, field=(field,))
        return self


Rule = tuple[bool, str, str]
"""A rule between fields: is it broken, the field at fault, what was expected."""


def _size_rules(spec: IPPoolSpec) -> list[Rule]:
    network = ipaddress.ip_network(spec.cidr)
    sizes = BLOCK_SIZES_V4 if network.version == IPV4 else BLOCK_SIZES_V6
    size_text = f"a block size from {sizes.start} to {sizes.stop - 1} (IPv{network.version})"
    is_small = network.prefixlen > spec.block_size and not spec.disabled
    return [
        (spec.block_size not in sizes, "blockSize", size_text),
        (is_small, "cidr", f"a pool of at least one block (/{spec.block_size})"),
        (network.is_link_local, "cidr", "a network that is not link-local"),
    ]


def _use_rules(spec: IPPoolSpec) -> list[Rule]:
    never = EncapsulationMode.NEVER
    has_ipip, has_vxlan = spec.ipip_mode != never, spec.vxlan_mode != never
    is_lb = AllowedUse.LOAD_BALANCER in spec.allowed_uses
    why = "where allowedUses holds LoadBalancer"
    return [
        (has_ipip and ":" in spec.cidr, "ipipMode", "Never (IPIP carries no IPv6)"),
        (has_ipip and has_vxlan, "vxlanMode", "Never where ipipMode is on"),
        (is_lb and len(set(spec.allowed_uses)) > 1, "allowedUses", "LoadBalancer alone, or without it"),
        (is_lb and has_ipip, "ipipMode", f"Never {why}"),
        (is_lb and has_vxlan, "vxlanMode", f"Never {why}"),
        (is_lb and spec.disable_bgp_export, "disableBGPExport", f"false {why}"),
        (is_lb and spec.node_selector != "all()", "nodeSelector", f"all() {why}"),
    ]


class PoolCondition(Model):
    """One condition of Kubernetes' form, such as ``Allocatable``; written by a controller."""

    type: Text = Field(description="the kind of condition")
    status: Text = Field(description="True, False or Unknown")
    reason: Text | None = None
    message: Text | None = None
    last_transition_time: Timestamp | None = None
    observed_generation: Integer | None = None


class IPPoolStatus(Model):
    """What a controller says of the pool."""

    conditions: tuple[PoolCondition, ...] | None = None


class IPPool(Resource):
    """A range of addresses for workloads."""

    kind: Literal["IPPool"] = "IPPool"
    spec: IPPoolSpec = Field(description="a mapping with at least cidr")
    status: IPPoolStatus | None = None

    def without_defaults(self) -> dict[str, Any]:
        """Return what differs from the defaults; a block size is a default where it is the family's."""
        data = super().without_defaults()
        if self.spec.block_size == (BLOCK_SIZE_V6_DEFAULT if self.is_ipv6 else BLOCK_SIZE_V4_DEFAULT):
            data["spec"].pop("blockSize")
        return data

    @property
    def is_ipv6(self) -> bool:
        """The pool's family is IPv6."""
        return ":" in self.spec.cidr
