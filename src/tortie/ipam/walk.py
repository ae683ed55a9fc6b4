"""Which block of a pool next: the order in which a node looks through a pool's blocks.

What it is for: nodes that start together should not all reach for the first block, and one node should find
the same blocks again. The walk starts at a place given by the node's name and goes round once. What it is
not for: knowing which blocks are taken (`choose.py`).

Pure. Deviates from Calico: the start is FNV-32(hostname) modulo the count of blocks; Calico feeds the same
hash into Go's random number generator. The order differs, the promise (spread by name, stable) is the same.
"""

import ipaddress
from collections.abc import Iterator
from typing import Final

__all__ = ["block_count", "fnv32", "is_block_of", "walk_blocks"]

FNV32_OFFSET: Final = 0x811C9DC5
FNV32_PRIME: Final = 0x01000193


def fnv32(data: bytes) -> int:
    """Return the FNV-1 hash of `data`, 32 bits unsigned (Go's `fnv.New32`)."""
    digest = FNV32_OFFSET
    for octet in data:
        digest = digest * FNV32_PRIME & 0xFFFFFFFF ^ octet
    return digest


def block_count(cidr: str, block_size: int) -> int:
    """Return how many blocks of prefix length `block_size` the network has; 0 if it is smaller than one."""
    length = ipaddress.ip_network(cidr).prefixlen
    return 1 << (block_size - length) if length <= block_size else 0


def walk_blocks(cidr: str, block_size: int, node: str) -> Iterator[str]:
    """Yield every block of a pool once, from the node's own start around to it again.

    Args:
        cidr: the pool's network, canonical text.
        block_size: prefix length of a block, e.g. 26.
        node: name of the node; decides the start.
    """
    network = ipaddress.ip_network(cidr)
    count = block_count(cidr, block_size)
    if not count:
        return
    start = fnv32(node.encode()) % count
    first = int(network.network_address)
    step = 1 << (network.max_prefixlen - block_size)
    address = type(network.network_address)
    for index in range(count):
        yield f"{address(first + (start + index) % count * step)}/{block_size}"


def is_block_of(block: str, cidr: str, block_size: int) -> bool:
    """Whether `block` is one of the blocks that `walk_blocks` yields for the pool."""
    inner, outer = ipaddress.ip_network(block), ipaddress.ip_network(cidr)
    if inner.version != outer.version or inner.prefixlen != block_size or outer.prefixlen > block_size:
        return False
    shift = outer.max_prefixlen - outer.prefixlen
    return int(inner.network_address) >> shift == int(outer.network_address) >> shift
