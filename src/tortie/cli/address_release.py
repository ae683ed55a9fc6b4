"""What `ipam release` does: one address, or those that reports call leaked.

What it is for: looking once more who uses an address before it is given back. What it is NOT for: the transaction
(``ipam.reclaim``), reading reports (``address_report.py``).
"""

from collections.abc import Sequence
from functools import reduce

from tortie.cli.address_report import Report, inspected
from tortie.cli.datastore import utc_now
from tortie.cli.errors import CommandFailed
from tortie.ipam import delete_handle, release_address
from tortie.model.fields import Expected, parse_address
from tortie.store import ResourceStore, Store

__all__ = ["release_one", "release_reported"]


async def release_one(store: Store, address: str, *, may_be_in_use: bool) -> str:
    """Give one address back and return what to say.

    Raises:
        CommandFailed: it is no address, is in use, or is not taken.
    """
    try:
        address = parse_address(address)
    except Expected as problem:
        raise CommandFailed(f"--ip: '{address}': expected {problem.expected}") from problem
    users = (await inspected(ResourceStore(store, utc_now))).owners.get(address)
    if users and not may_be_in_use:
        raise CommandFailed(f"IP address {address} is used by {', '.join(users)} (--force releases it all the same)")
    if not await release_address(store, address):
        raise CommandFailed(f"IP address {address} is not assigned")
    return f"Successfully released IP address {address}"


async def release_reported(store: Store, reports: Sequence[Report]) -> str:
    """Give back what all reports call leaked and nobody uses now, and return what to say."""
    report = reduce(Report.common_with, reports)
    in_use = (await inspected(ResourceStore(store, utc_now))).owners
    released = [
        await release_address(store, ip, allocation) for ip, allocation in report.leaked.items() if ip not in in_use
    ]
    deleted = [await delete_handle(store, handle) for handle in sorted(report.handles)]
    return (
        f"Released {sum(released)} IPs; {len(report.leaked) - sum(released)} skipped.\n"
        f"Released {sum(deleted)} handles; {len(deleted) - sum(deleted)} skipped."
    )
