"""One change to a kernel route, and what the kernel said against it. Pure.

For: the values that the reconciler hands to the netlink socket and gets back. Not for: writing them (`netlink`).
Structures to know: `RouteRequest` and `RouteFailure`. rtnetlink(7).
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from tortie.node.netlink_message import (
    NLM_F_ACK,
    NLM_F_CREATE,
    NLM_F_EXCL,
    NLM_F_REPLACE,
    NLM_F_REQUEST,
    errno_name,
)
from tortie.node.netlink_route import RTM_DELROUTE, RTM_NEWROUTE
from tortie.node.route import InterfaceNames, Route, RouteKey, route_key_to_text, route_to_text

__all__ = ["RouteFailure", "RouteOperation", "RouteRequest"]


class RouteOperation(Enum):
    """What is asked for one route: the message, and its flags."""

    CREATE = (RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
    """Fails with EEXIST where any route, also somebody else's, stands at the key."""
    REPLACE = (RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)
    """Takes the place of the route at the key, whosever it is, in one step; creates it where there is none."""
    DELETE = (RTM_DELROUTE, NLM_F_REQUEST | NLM_F_ACK)
    """Fails with ESRCH where no route of this protocol stands at the key."""


class RouteRequest(NamedTuple):
    """One change that is asked of the kernel.

    Attributes:
        operation: see `RouteOperation`.
        key: the route's identity.
        route: where it shall lead; of a deletion, only its protocol counts.
    """

    operation: RouteOperation
    key: RouteKey
    route: Route


@dataclass(frozen=True, slots=True)
class RouteFailure:
    """The kernel said no to one change; its neighbours in the batch are not touched by that.

    Attributes:
        request: what was asked.
        errno: positive error number.
        message: the kernel's own words, often empty.
    """

    request: RouteRequest
    errno: int
    message: str

    def text(self, names: InterfaceNames | None = None) -> str:
        """Return one line: `create 10.1.2.0/26 via 192.0.2.9 proto 77: ENETUNREACH (...): Nexthop ...`."""
        operation, key, route = self.request
        what = route_key_to_text(key) if operation is RouteOperation.DELETE else route_to_text(key, route, names)
        words = f": {self.message.rstrip('.')}" if self.message else ""
        return f"{operation.name.lower()} {what}: {errno_name(self.errno)}{words}"
