"""Named ports of endpoints, which workload and host endpoints share.

What it is NOT for: rules that use them (policy).
"""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from tortie.model.base import Model
from tortie.model.errors import nearest_name
from tortie.model.fields import Expected, as_text, integer_between

PROTOCOLS: Final = ("TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite")
PROTOCOL_NUMBER_MAX: Final = 255
PORT_NAME_LENGTH_MAX: Final = 128

_BY_FOLDED: Final = {protocol.lower(): protocol for protocol in PROTOCOLS}
_NAME = re.compile(r"[a-zA-Z0-9_.-]+")


def parse_protocol(value: object) -> str:
    """Return a protocol by its name, in any case, or by its number from 1 to 255."""
    text = as_text(value)
    if text.isascii() and text.isdigit() and 1 <= int(text) <= PROTOCOL_NUMBER_MAX:
        return text
    protocol = _BY_FOLDED.get(text.lower())
    if protocol is None:
        raise Expected(
            f"one of {', '.join(PROTOCOLS)}, or a number from 1 to {PROTOCOL_NUMBER_MAX}",
            nearest=nearest_name(text, PROTOCOLS),
        )
    return protocol


def parse_port_name(value: object) -> str:
    """Return the name of a port: letters, digits, dots, dashes and underscores."""
    text = as_text(value)
    if len(text) > PORT_NAME_LENGTH_MAX or not _NAME.fullmatch(text):
        raise Expected(f"a name of letters, digits, '_', '.' and '-' (at most {PORT_NAME_LENGTH_MAX} characters)")
    return text


Protocol = Annotated[str, BeforeValidator(parse_protocol)]
Port = Annotated[int, BeforeValidator(integer_between(1, 65535))]


class EndpointPort(Model):
    """A port of an endpoint with a name, by which policy may call it."""

    name: Annotated[str, BeforeValidator(parse_port_name)] = Field(description="a name for the port")
    protocol: Protocol = Field(description="a protocol, such as TCP")
    port: Port = Field(description="a port from 1 to 65535")
