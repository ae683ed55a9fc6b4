"""What `ipam check` prints and writes, and what `ipam release --from-report` reads.

What it is for: text and JSON of an inspection, and back. What it is NOT for: finding what is wrong (``ipam.inspect``),
giving addresses back (``ipam.reclaim``). The report has the fields of calicoctl's that mean something here:
``allocations`` (address → its holders) and ``leakedHandles``.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tortie import __version__
from tortie.cli.errors import CommandFailed
from tortie.ipam import Allocation, Inspection, inspect
from tortie.store import ResourceStore

__all__ = ["Report", "check_text", "inspected", "read_report", "report_text"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says that can be given back.

    Attributes:
        leaked: address → its allocation, of those that nobody used.
        handles: handles without addresses.
    """

    leaked: dict[str, Allocation]
    handles: frozenset[str]

    def common_with(self, other: "Report") -> "Report":
        """Return what both say, of the same allocations."""
        leaked = {ip: each for ip, each in self.leaked.items() if _holder(other.leaked.get(ip)) == _holder(each)}
        return Report(leaked, self.handles & other.handles)


async def inspected(store: ResourceStore) -> Inspection:
    """Return what an inspection of the datastore finds; records that cannot be read are said on standard error."""
    snapshot = await store.snapshot()
    for bad in snapshot.bad_records:
        sys.stderr.write(f"warning: cannot be used: {bad.key}: {bad.reason}\n")
    return inspect(snapshot.resources)


def check_text(found: Inspection, *, shows_all: bool, shows_problems: bool) -> str:
    """Return what people read."""
    return "\n".join(_lines(found, shows_all=shows_all, shows_problems=shows_problems or shows_all)) + "\n"


def _lines(found: Inspection, *, shows_all: bool, shows_problems: bool) -> Iterator[str]:
    yield f"IPAM blocks record {len(found.allocations)} allocations."
    yield f"Workloads and nodes are using {len(found.owners)} IPs."
    if shows_all:
        yield from (f"  {ip} is used by {', '.join(users)}" for ip, users in sorted(found.owners.items()))
    for items, text in (
        (found.leaked, "IPs that are allocated in IPAM but not actually in use"),
        (found.foreign, "in-use IPs that are in no IP pool"),
        (found.unallocated, "in-use IPs that are in an IP pool but have no allocation"),
        (found.shared, "IPs with several users"),
        (found.idle_handles, "handles with no matching IPs"),
        (found.missing_handles, "handles mentioned in blocks with no matching record"),
        (found.broken, "records that contradict one another"),
    ):
        yield f"Found {len(items)} {text}."
        if shows_problems:
            yield from (f"  {item}" for item in items)
    yield f"Check complete; found {found.problem_count} problems."


def report_text(found: Inspection) -> str:
    """Return the report for machines."""
    data = {
        "version": __version__,
        "allocations": {each.ip: [_allocation_data(each, found)] for each in found.allocations},
        "leakedHandles": [{"id": handle} for handle in found.idle_handles],
    }
    return json.dumps(data, indent=2) + "\n"


def _allocation_data(allocation: Allocation, found: Inspection) -> dict[str, Any]:
    owners = found.owners.get(allocation.ip, ())
    return {
        "ip": allocation.ip,
        "block": allocation.block,
        "handle": allocation.handle,
        "sequenceNumber": allocation.sequence_number,
        "inUse": bool(owners),
        "owners": list(owners),
    }


def read_report(file: Path) -> Report:
    """Return what a report says.

    Raises:
        CommandFailed: it is none.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        holders = [_allocation(each) for every in data["allocations"].values() for each in every if not each["inUse"]]
        handles = frozenset(str(each["id"]) for each in data["leakedHandles"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandFailed(f"{file}: expected a report of `ipam check -o FILE` ({error})") from error
    return Report({each.ip: each for each in holders}, handles)


def _allocation(data: dict[str, Any]) -> Allocation:
    number = data["sequenceNumber"]
    return Allocation(
        ip=str(data["ip"]),
        block=str(data["block"]),
        owner=None,
        handle=None if data["handle"] is None else str(data["handle"]),
        sequence_number=None if number is None else int(number),
    )


def _holder(allocation: Allocation | None) -> Sequence[object] | None:
    return None if allocation is None else (allocation.handle, allocation.sequence_number)
