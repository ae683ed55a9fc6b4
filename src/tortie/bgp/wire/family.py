"""Address families.

For: AFI/SAFI pairs and what the codec must know about each. Not for: which families a session has
negotiated (`session`). RFC 4760 §3; structure to know: `Family`.
"""

from typing import Final, NamedTuple

from tortie.bgp.errors import LocalProtocolError

AFI_IPV4: Final = 1
AFI_IPV6: Final = 2
SAFI_UNICAST: Final = 1


class Family(NamedTuple):
    """An address family and subsequent address family, as numbered by IANA.

    Attributes:
        afi: 16-bit unsigned, 1 IPv4, 2 IPv6.
        safi: 8-bit unsigned, 1 unicast.
    """

    afi: int
    safi: int

    @property
    def name(self) -> str:
        """`ipv4`, `ipv6`, or `afi/safi` in figures for every other family."""
        return _NAMES.get(self, f"{self.afi}/{self.safi}")

    @property
    def prefix_bits_max(self) -> int:
        """Longest prefix of the family in bits: 32 or 128.

        Raises:
            LocalProtocolError: the address family is neither IPv4 nor IPv6.
        """
        bits = _PREFIX_BITS_MAX.get(self.afi)
        if bits is None:
            raise LocalProtocolError(f"family {self.name}: prefixes are known for IPv4 and IPv6 only")
        return bits


IPV4_UNICAST: Final = Family(AFI_IPV4, SAFI_UNICAST)
IPV6_UNICAST: Final = Family(AFI_IPV6, SAFI_UNICAST)

_NAMES: Final = {IPV4_UNICAST: "ipv4", IPV6_UNICAST: "ipv6"}
_BY_NAME: Final = {name: family for family, name in _NAMES.items()}
_PREFIX_BITS_MAX: Final = {AFI_IPV4: 32, AFI_IPV6: 128}


def family_from_name(name: str) -> Family:
    """Return the family called `name`.

    Raises:
        LocalProtocolError: `name` is neither `ipv4` nor `ipv6`.
    """
    family = _BY_NAME.get(name)
    if family is None:
        raise LocalProtocolError(f"family {name!r}: expected one of {', '.join(_BY_NAME)}")
    return family
