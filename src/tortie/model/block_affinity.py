"""BlockAffinity: a block of addresses that belongs to a node.

In the datastore it is ``/calico/ipam/v2/host/<node>/ipv4/block/<cidr with ->`` with ``{"state", "deleted"}``
(``stored.py``). What it is NOT for: the block's content (``ipam_block.py``).
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tortie.model.base import Model
from tortie.model.fields import Name, NetworkText, as_text, word_of
from tortie.model.resource import Resource


class AffinityState(StrEnum):
    """How far a claim of a block has got."""

    NONE = ""
    CONFIRMED = "confirmed"
    PENDING = "pending"
    PENDING_DELETION = "pendingDeletion"


class AffinityType(StrEnum):
    """What a block belongs to."""

    HOST = "host"
    VIRTUAL = "virtual"


def _flag(value: object) -> bool:
    """Return Calico's `deleted`, which it writes as text."""
    return value if isinstance(value, bool) else as_text(value) == "true"


class BlockAffinitySpec(Model):
    """A claim on a block."""

    state: Annotated[AffinityState, BeforeValidator(word_of(AffinityState))] = AffinityState.NONE
    node: Name = Field(description="the name of a node")
    type: Annotated[AffinityType, BeforeValidator(word_of(AffinityType, empty_means=AffinityType.HOST))] = (
        AffinityType.HOST
    )
    cidr: NetworkText = Field(description="a network such as 192.168.0.0/26")
    deleted: Annotated[bool, BeforeValidator(_flag)] = False


class BlockAffinity(Resource):
    """A claim of a node on a block."""

    kind: Literal["BlockAffinity"] = "BlockAffinity"
    spec: BlockAffinitySpec

    @property
    def is_own(self) -> bool:
        """The claim is confirmed (or so old that it has no state), and not deleted."""
        return not self.spec.deleted and self.spec.state in (AffinityState.NONE, AffinityState.CONFIRMED)
