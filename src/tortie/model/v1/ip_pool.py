"""v1 ipPool ⇄ v3 IPPool.

A v1 pool has no name: its CIDR is its identity. What it is NOT for: anything but the form.
"""

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from tortie.model.base import Model
from tortie.model.fields import Boolean, NetworkText, word_of
from tortie.model.ip_pool import EncapsulationMode, IPPool
from tortie.model.v1.names import pool_name


class V1IPIPMode(StrEnum):
    """When IPIP is used, if it is enabled."""

    ALWAYS = "always"
    CROSS_SUBNET = "cross-subnet"


_MODE_TO_V3: Final = {
    V1IPIPMode.ALWAYS: EncapsulationMode.ALWAYS,
    V1IPIPMode.CROSS_SUBNET: EncapsulationMode.CROSS_SUBNET,
}
_MODE_TO_V1: Final = {mode: v1_mode for v1_mode, mode in _MODE_TO_V3.items()}


class V1IPPoolMetadata(Model):
    """The identity of a pool."""

    cidr: NetworkText = Field(description="a network such as 192.168.0.0/16")


class V1IPIP(Model):
    """IPIP of a pool: off unless `enabled`; `mode` always where unset."""

    enabled: Boolean = False
    mode: Annotated[V1IPIPMode, BeforeValidator(word_of(V1IPIPMode, empty_means=V1IPIPMode.ALWAYS))] = V1IPIPMode.ALWAYS


class V1IPPoolSpec(Model):
    """What v1 knows of a pool."""

    ipip: V1IPIP | None = None
    nat_outgoing: Boolean = Field(default=False, alias="nat-outgoing")
    disabled: Boolean = False


class V1IPPool(Model):
    """A v1 manifest of kind ipPool."""

    api_version: Literal["v1"]
    kind: str
    metadata: V1IPPoolMetadata = Field(description="a mapping with cidr")
    spec: V1IPPoolSpec = Field(default_factory=V1IPPoolSpec)


def ip_pool_to_v3(manifest: V1IPPool) -> dict[str, Any]:
    """Return the v3 resource as plain data."""
    ipip = manifest.spec.ipip
    mode = _MODE_TO_V3[ipip.mode] if ipip and ipip.enabled else EncapsulationMode.NEVER
    spec = {
        "cidr": manifest.metadata.cidr,
        "ipipMode": str(mode),
        "natOutgoing": manifest.spec.nat_outgoing,
        "disabled": manifest.spec.disabled,
    }
    return {"metadata": {"name": pool_name(manifest.metadata.cidr)}, "spec": spec}


def ip_pool_to_v1(pool: IPPool) -> dict[str, Any]:
    """Return metadata and spec of the v1 manifest; what is off is left out."""
    spec: dict[str, Any] = {}
    if pool.spec.ipip_mode in _MODE_TO_V1:
        spec["ipip"] = {"enabled": True, "mode": str(_MODE_TO_V1[pool.spec.ipip_mode])}
    if pool.spec.nat_outgoing:
        spec["nat-outgoing"] = True
    if pool.spec.disabled:
        spec["disabled"] = True
    return {"metadata": {"cidr": pool.spec.cidr}, "spec": spec}
