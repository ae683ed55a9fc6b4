"""What an interface and its addresses are, as values.

For: the values that the netlink codec and `links` share. Not for: reading them (`netlink`, `links`).
Structures to know: `Link` and `InterfaceAddress`.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from tortie.bgp.wire.family import Family

__all__ = ["SCOPE_HOST", "SCOPE_LINK", "SCOPE_UNIVERSE", "InterfaceAddress", "Link"]

SCOPE_UNIVERSE: Final = 0
SCOPE_LINK: Final = 253
SCOPE_HOST: Final = 254


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """An interface.

    Attributes:
        index: positive; unique in a network namespace.
        name: at most 15 octets.
        is_up: administratively up (IFF_UP); says nothing of the carrier.
        mtu: octets; 0 unknown.
    """

    index: int
    name: str
    is_up: bool
    mtu: int = 0


class InterfaceAddress(NamedTuple):
    """An address on an interface.

    Attributes:
        interface_index: the `Link` it is on.
        family: IPV4_UNICAST or IPV6_UNICAST.
        address: our own address, 4 or 16 octets.
        nlri: the connected prefix in BGP's wire form; of a point-to-point address the peer's.
        scope: RT_SCOPE number: 0 universe, 253 link, 254 host.
    """

    interface_index: int
    family: Family
    address: bytes
    nlri: bytes
    scope: int = SCOPE_UNIVERSE
