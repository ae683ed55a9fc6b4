"""IPAMBlock: which addresses of a block are taken, by whom.

Datastore form in ``stored.py``. The decisions about blocks stand in ``ipam``; this is the record only.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tortie.model.base import Model
from tortie.model.fields import Boolean, Integer, NetworkText, Text, Timestamp, integer_between
from tortie.model.resource import Resource

Ordinal = Annotated[int, BeforeValidator(integer_between(0, 2**16 - 1))]


class AllocationAttribute(Model):
    """Who holds an address."""

    handle_id: Text | None = Field(default=None, alias="handle_id")
    secondary: dict[str, Text] | None = None
    alternate_owner_attrs: dict[str, Text] | None = None
    released_at: Timestamp | None = None


class IPAMBlockSpec(Model):
    """A block. `allocations[i]` is the index into `attributes` of the i-th address, or None where it is free.

    `unallocated` lists the free ordinals, longest free first.
    """

    cidr: NetworkText = Field(description="a network such as 192.168.0.0/26")
    affinity: Text | None = None
    affinity_claim_time: Timestamp | None = None
    strict_affinity: Boolean | None = None
    allocations: tuple[Ordinal | None, ...] = ()
    unallocated: tuple[Ordinal, ...] = ()
    attributes: tuple[AllocationAttribute, ...] = ()
    sequence_number: Integer = 0
    sequence_number_for_allocation: dict[str, Integer] = Field(default_factory=dict)
    deleted: Boolean = False


class IPAMBlock(Resource):
    """The record of a block of addresses."""

    kind: Literal["IPAMBlock"] = "IPAMBlock"
    spec: IPAMBlockSpec
