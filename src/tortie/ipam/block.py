"""What happens inside one block: addresses taken first-in first-out, given back, counted.

What it is for: pure functions from one `IPAMBlock` record to the next. What it is not for: choosing a block
(`choose.py`), handles (`handle.py`), writing records (`allocate.py`).

Every change raises the block's `sequence_number`; an allocation remembers the number it was made at, so
that a late release of an address that was given to somebody else meanwhile can be told from a good one.
"""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime

from tortie.model import IPAMBlock, IPAMBlockSpec
from tortie.model.ipam_block import AllocationAttribute
from tortie.model.keys import network_name

__all__ = [
    "addresses_of",
    "affinity_of",
    "assign",
    "has_space",
    "is_empty",
    "new_block",
    "problem_of",
    "release",
    "release_ordinal",
    "timestamp",
]


def affinity_of(node: str) -> str:
    """Return how a block names the node that it belongs to."""
    return f"host:{node}"


def timestamp(now: datetime) -> str:
    """Return a moment as RFC 3339 in UTC, to the second."""
    return now.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def new_block(cidr: str, node: str, now: datetime) -> IPAMBlock:
    """Return an empty block that belongs to a node."""
    count = ipaddress.ip_network(cidr).num_addresses
    return IPAMBlock.from_data(
        {
            "apiVersion": "projectcalico.org/v3",
            "kind": "IPAMBlock",
            "metadata": {"name": network_name(cidr)},
            "spec": {
                "cidr": cidr,
                "affinity": affinity_of(node),
                "affinityClaimTime": timestamp(now),
                "allocations": [None] * count,
                "unallocated": list(range(count)),
            },
        }
    )


def problem_of(block: IPAMBlock) -> str | None:
    """Return why a block that was read cannot be worked with; None if it can.

    Every function below expects a block without a problem.
    """
    spec = block.spec
    count = ipaddress.ip_network(spec.cidr).num_addresses
    if len(spec.allocations) != count:
        return f"block {spec.cidr}: {len(spec.allocations)} allocations, expected {count}"
    for ordinal, index in enumerate(spec.allocations):
        if index is not None and index >= len(spec.attributes):
            return f"block {spec.cidr}: allocation {ordinal} names attribute {index} of {len(spec.attributes)}"
    if len(set(spec.unallocated)) != len(spec.unallocated):
        return f"block {spec.cidr}: an ordinal is listed twice as unallocated"
    for ordinal in spec.unallocated:
        if ordinal >= count or spec.allocations[ordinal] is not None:
            return f"block {spec.cidr}: unallocated ordinal {ordinal} is taken, or out of range"
    return None


def has_space(block: IPAMBlock) -> bool:
    """Whether an address can be taken."""
    return bool(block.spec.unallocated)


def is_empty(block: IPAMBlock) -> bool:
    """Whether nobody holds an address of it."""
    return all(index is None for index in block.spec.allocations)


def addresses_of(block: IPAMBlock, handle: str) -> list[str]:
    """Return the addresses that a handle holds in a block, ascending."""
    return [_address(block.spec, ordinal) for ordinal in _ordinals_of(block.spec, handle)]


def assign(block: IPAMBlock, handle: str, node: str, now: datetime) -> tuple[IPAMBlock, str]:
    """Take the address that has been free longest.

    Args:
        block: must have space.
        handle: who holds the address from now on.
        node: where it is used.
        now: when, for those who look for forgotten addresses.

    Returns:
        The block after it, and the address as text.
    """
    spec = block.spec
    assert spec.unallocated, f"block {spec.cidr} is full: has_space() tells"
    ordinal = spec.unallocated[0]
    attribute = AllocationAttribute(handle_id=handle, secondary={"node": node, "timestamp": timestamp(now)})
    allocations = list(spec.allocations)
    assert allocations[ordinal] is None, f"ordinal {ordinal} of {spec.cidr} is both free and taken"
    allocations[ordinal] = len(spec.attributes)
    after = block.with_spec(
        allocations=allocations,
        unallocated=spec.unallocated[1:],
        attributes=_data([*spec.attributes, attribute]),
        sequence_number=spec.sequence_number + 1,
        sequence_number_for_allocation=spec.sequence_number_for_allocation | {str(ordinal): spec.sequence_number},
    )
    return after, _address(spec, ordinal)


def release(block: IPAMBlock, handle: str) -> tuple[IPAMBlock, list[str]]:
    """Give back every address of a handle.

    Returns:
        The block after it (the same one if the handle holds nothing here), and the addresses, ascending. They
        are the last to be taken again.
    """
    ordinals = _ordinals_of(block.spec, handle)
    if not ordinals:
        return block, []
    return _without(block, ordinals), [_address(block.spec, ordinal) for ordinal in ordinals]


def release_ordinal(block: IPAMBlock, ordinal: int) -> IPAMBlock:
    """Give back one address, by its place in the block, whoever holds it; it must be taken."""
    assert block.spec.allocations[ordinal] is not None, f"ordinal {ordinal} of {block.spec.cidr} is free"
    return _without(block, [ordinal])


def _without(block: IPAMBlock, ordinals: Sequence[int]) -> IPAMBlock:
    """Return the block without the holders of some of its addresses."""
    spec = block.spec
    allocations = [None if ordinal in ordinals else index for ordinal, index in enumerate(spec.allocations)]
    kept = sorted({index for index in allocations if index is not None})
    renumbered = {old: new for new, old in enumerate(kept)}
    return block.with_spec(
        allocations=[None if index is None else renumbered[index] for index in allocations],
        unallocated=[*spec.unallocated, *ordinals],
        attributes=_data([spec.attributes[index] for index in kept]),
        sequence_number=spec.sequence_number + 1,
        sequence_number_for_allocation={
            ordinal: number
            for ordinal, number in spec.sequence_number_for_allocation.items()
            if ordinal not in {str(released) for released in ordinals}
        },
    )


def _ordinals_of(spec: IPAMBlockSpec, handle: str) -> list[int]:
    indexes = {index for index, attribute in enumerate(spec.attributes) if attribute.handle_id == handle}
    return [ordinal for ordinal, index in enumerate(spec.allocations) if index in indexes]


def _address(spec: IPAMBlockSpec, ordinal: int) -> str:
    return str(ipaddress.ip_network(spec.cidr)[ordinal])


def _data(attributes: Sequence[AllocationAttribute]) -> list[dict[str, object]]:
    return [attribute.model_dump(mode="json", by_alias=True, exclude_none=True) for attribute in attributes]
