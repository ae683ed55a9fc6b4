"""Links and addresses as rtnetlink messages. Pure.

For: what the kernel says of interfaces, in dumps and events, to values; the requests for the dumps. Not for: routes
(`netlink_route`), sockets (`netlink`), or changing interfaces (`links`). rtnetlink(7).
Structures to know: `Link` and `InterfaceAddress` (`interface`).
"""

import struct
from typing import Final

from tortie.node.errors import NetlinkMessageInvalid
from tortie.node.interface import InterfaceAddress, Link
from tortie.node.netlink_message import attribute, attributes
from tortie.node.route import FAMILY_BY_ADDRESS_FAMILY

__all__ = [
    "IFF_UP",
    "RTM_DELADDR",
    "RTM_DELLINK",
    "RTM_GETADDR",
    "RTM_GETLINK",
    "RTM_NEWADDR",
    "RTM_NEWLINK",
    "connected_prefix",
    "decode_address",
    "decode_link",
    "encode_address_dump",
    "encode_link_dump",
]

RTM_NEWLINK: Final = 16
RTM_DELLINK: Final = 17
RTM_GETLINK: Final = 18
RTM_NEWADDR: Final = 20
RTM_DELADDR: Final = 21
RTM_GETADDR: Final = 22

IFLA_IFNAME: Final = 3
IFLA_MTU: Final = 4
IFLA_EXT_MASK: Final = 29
RTEXT_FILTER_SKIP_STATS: Final = 8
IFF_UP: Final = 1
IFA_ADDRESS: Final = 1
IFA_LOCAL: Final = 2
AF_BRIDGE: Final = 7

_LINK: Final = struct.Struct("=BxHiII")  # family, type, index, flags, change mask
_ADDRESS: Final = struct.Struct("=BBBBi")  # family, prefix length, flags, scope, index
_U32: Final = struct.Struct("=I")


def encode_link_dump() -> bytes:
    """Return the payload of RTM_GETLINK for all interfaces, without their statistics."""
    return _LINK.pack(0, 0, 0, 0, 0) + attribute(IFLA_EXT_MASK, _U32.pack(RTEXT_FILTER_SKIP_STATS))


def encode_address_dump() -> bytes:
    """Return the payload of RTM_GETADDR for all addresses of all families."""
    return _ADDRESS.pack(0, 0, 0, 0, 0)


def decode_link(data: bytes, start: int, end: int) -> Link | None:
    """Return the interface in the payload, or None where the message is about a port of a bridge.

    Raises:
        NetlinkMessageInvalid: cut short, or a length that cannot be.
    """
    try:
        family, _type, index, flags, _change = _LINK.unpack_from(data, start)
    except struct.error as error:
        raise NetlinkMessageInvalid(f"link at octet {start}: shorter than {_LINK.size} octets") from error
    if family == AF_BRIDGE:
        return None
    found = attributes(data, start + _LINK.size, end)
    name = found.get(IFLA_IFNAME, b"").rstrip(b"\0").decode("utf-8", "replace")
    mtu = found.get(IFLA_MTU, b"")
    return Link(index, name, bool(flags & IFF_UP), _U32.unpack(mtu)[0] if len(mtu) == _U32.size else 0)


def decode_address(data: bytes, start: int, end: int) -> InterfaceAddress | None:
    """Return the address in the payload, or None where it is neither IPv4 nor IPv6.

    Raises:
        NetlinkMessageInvalid: cut short, a length that cannot be, or no address in it.
    """
    try:
        code, bits, _flags, scope, index = _ADDRESS.unpack_from(data, start)
    except struct.error as error:
        raise NetlinkMessageInvalid(f"address at octet {start}: shorter than {_ADDRESS.size} octets") from error
    family = FAMILY_BY_ADDRESS_FAMILY.get(code)
    if family is None:
        return None
    found = attributes(data, start + _ADDRESS.size, end)
    peer = found.get(IFA_ADDRESS, b"")
    own = found.get(IFA_LOCAL, peer)
    octets = family.prefix_bits_max // 8
    if len(own) != octets or bits > family.prefix_bits_max:
        raise NetlinkMessageInvalid(f"address at octet {start}: {len(own)} octets /{bits}, expected {octets} octets")
    return InterfaceAddress(index, family, own, connected_prefix(peer or own, bits), scope)


def connected_prefix(address: bytes, bits: int) -> bytes:
    """Return the NLRI key of the first `bits` bits of an address."""
    host_bits = len(address) * 8 - bits
    cleared = int.from_bytes(address) >> host_bits << host_bits
    return bytes((bits,)) + cleared.to_bytes(len(address))[: (bits + 7) // 8]
