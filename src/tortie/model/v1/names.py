"""v3 names of what v1 names otherwise, as calicoctl's ``convert`` makes them.

What it is NOT for: keys of the datastore (``keys.py``).
"""

import ipaddress
import re
from typing import Annotated, Final

from pydantic import BeforeValidator

from tortie.model.fields import NAME_LENGTH_MAX, Expected, as_text, check_name
from tortie.model.keys import network_name

_NOT_IN_NAMES: Final = re.compile(r"[^-.a-z0-9]+")
_DOTS_AND_DASHES: Final = re.compile(r"[.-]*\.[.-]*")


def node_name(v1_name: str) -> str:
    """Return a node's v3 name.

    Lower case, ``/`` → ``.``, other characters → ``-``, no dash beside a dot, neither of them at the ends. Two v1
    names may become one; whoever stores them sees the conflict.
    """
    name = v1_name.lower().replace("/", ".")
    name = _NOT_IN_NAMES.sub("-", name)
    return _DOTS_AND_DASHES.sub(".", name).strip(".-")


def check_v1_node_name(value: object) -> str:
    """Return a node's v1 name as written, if it has a v3 name."""
    text = as_text(value)
    try:
        check_name(node_name(text))
    except Expected:
        raise Expected(f"a name with at least one of a-z, 0-9, at most {NAME_LENGTH_MAX} characters") from None
    return text


V1NodeName = Annotated[str, BeforeValidator(check_v1_node_name)]


def peer_name(address: str, node: str | None) -> str:
    """Return a peer's v3 name: its address with dashes (IPv6 in full), behind ``<node>.`` for a node's peer.

    Args:
        address: IP address.
        node: v3 name of the node, None for a global peer.
    """
    text = ipaddress.ip_address(address).exploded.replace(".", "-").replace(":", "-")
    return f"{node}.{text}" if node else text


def pool_name(cidr: str) -> str:
    """Return a pool's v3 name: its CIDR with dashes; IPv6 in full where the short form is no name (``::/64``)."""
    short = re.sub(r"[.:/]", "-", cidr)
    try:
        return check_name(short)
    except Expected:
        return network_name(cidr)
