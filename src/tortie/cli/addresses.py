"""Addresses with a port, as they are typed.

What it is for: ``10.0.0.1:2379`` and ``[fd00::1]:2379``. What it is NOT for: names of hosts; nothing is looked up.
"""

import ipaddress
from typing import Final

__all__ = ["address_and_port"]

PORT_MAX: Final = 65535


def address_and_port(text: str) -> tuple[str, int]:
    """Return the address, in canonical text, and the port.

    Raises:
        ValueError: says what was expected.
    """
    host, separator, port = text.rpartition(":")
    if not separator or not (port.isascii() and port.isdigit()) or len(port) > len(str(PORT_MAX)):
        raise ValueError("expected ADDRESS:PORT")
    if int(port) > PORT_MAX:
        raise ValueError(f"expected a port from 0 to {PORT_MAX}")
    is_bracketed = host.startswith("[") and host.endswith("]")
    address = ipaddress.ip_address(host[1:-1] if is_bracketed else host)
    if (address.version == 6) != is_bracketed:  # noqa: PLR2004 - the version's own number
        raise ValueError("an IPv6 address stands in brackets: [fd00::1]:2379")
    return str(address), int(port)
