"""Path attributes: one module each, and one table of them all.

For: the bytes of a block of attributes to and from an `AttributeSet`, with the faults RFC 7606 tells
apart. Not for: NLRI, and the message around the block (`update`). RFC 4271 §5, RFC 7606.

Structure to know: `ATTRIBUTE_TABLE` in `table.py`; `decode_block` and `encode_block` walk it.
"""

from tortie.bgp.wire.attribute.decode import decode_block
from tortie.bgp.wire.attribute.encode import encode_block
from tortie.bgp.wire.attribute.table import ATTRIBUTE_TABLE, AttributeRow

__all__ = ["ATTRIBUTE_TABLE", "AttributeRow", "decode_block", "encode_block"]
