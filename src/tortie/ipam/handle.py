"""Handles: how many addresses one owner holds in which block.

What it is for: pure functions from one `IPAMHandle` record to the next. A handle finds all addresses of a
container without a look into every block. What it is not for: blocks (`block.py`), writing records
(`allocate.py`).
"""

from tortie.model import IPAMHandle

__all__ = ["counted_down", "counted_down_by_one", "counted_up"]


def counted_up(old: IPAMHandle | None, handle: str, cidr: str) -> IPAMHandle:
    """Return the handle with one address more in a block; `old` is None for a new handle."""
    counts = dict(old.spec.block) if old else {}
    return _handle(handle, counts | {cidr: counts.get(cidr, 0) + 1})


def counted_down(old: IPAMHandle, cidr: str) -> IPAMHandle | None:
    """Return the handle without a block; None when it holds nothing any more and is to be deleted."""
    counts = {block: count for block, count in old.spec.block.items() if block != cidr}
    return _handle(old.spec.handle_id, counts) if counts else None


def counted_down_by_one(old: IPAMHandle, cidr: str) -> IPAMHandle | None:
    """Return the handle with one address less in a block; None when it holds nothing any more and is to be deleted."""
    counts = old.spec.block | {cidr: old.spec.block.get(cidr, 0) - 1}
    rest = {block: count for block, count in counts.items() if count > 0}
    return _handle(old.spec.handle_id, rest) if rest else None


def _handle(handle: str, counts: dict[str, int]) -> IPAMHandle:
    return IPAMHandle.from_data(
        {
            "apiVersion": "projectcalico.org/v3",
            "kind": "IPAMHandle",
            "metadata": {"name": handle},
            "spec": {"handleID": handle, "block": counts},
        }
    )
