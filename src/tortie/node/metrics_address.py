"""Where metrics are served: ADDRESS:PORT as people type it. Pure.

For: reading that text; without an address it is loopback. Not for: listening (`metrics_server`).
Structure to know: `MetricsAddress`.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

__all__ = ["HOST_DEFAULT", "MetricsAddress", "MetricsAddressInvalid", "metrics_address"]

HOST_DEFAULT: Final = "127.0.0.1"
PORT_MAX: Final = 65535


class MetricsAddressInvalid(ValueError):
    """A text that is no address to serve metrics on; the message says what stands there and what is expected."""


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """An IP address, and a TCP port; port 0 takes a free one."""

    host: str
    port: int


def metrics_address(text: str) -> MetricsAddress:
    """Return what `9179`, `:9179`, `192.0.2.1:9179` or `[2001:db8::1]:9179` stands for.

    Raises:
        MetricsAddressInvalid: it is none of these.
    """
    host, _, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise _invalid(text)
    try:
        address = str(ip_address(host)) if host else HOST_DEFAULT
    except ValueError as error:
        raise _invalid(text) from error
    if not (port.isascii() and port.isdigit()) or int(port[:6]) > PORT_MAX:
        raise _invalid(text)
    return MetricsAddress(address, int(port))


def _invalid(text: str) -> MetricsAddressInvalid:
    return MetricsAddressInvalid(
        f"{text!r}: expected an IP address and a port such as 127.0.0.1:9179 or [::1]:9179; a port alone is loopback's"
    )
