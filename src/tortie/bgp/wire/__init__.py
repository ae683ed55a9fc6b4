"""The codec: BGP messages from and to bytes, without I/O and without decisions.

For: everything that has an octet layout in an RFC. Not for: what a message makes a session or a RIB do.
RFC 4271 §4 and §6, RFC 4760, RFC 6793, RFC 7606 and the companions each module names.

Structures to know: `Update` and `AttributeSet`; the path attributes' table is `attribute/table.py`.
"""

from tortie.bgp.wire.attribute_set import (
    ORIGIN_EGP,
    ORIGIN_IGP,
    ORIGIN_INCOMPLETE,
    AttributeFields,
    AttributeSet,
    AttributeTable,
    UnknownAttribute,
)
from tortie.bgp.wire.capability import (
    RESTART_TIME_S_MAX,
    AddPath,
    Capability,
    EnhancedRouteRefresh,
    ExtendedMessage,
    ExtendedNextHop,
    FourOctetAS,
    GracefulRestart,
    Multiprotocol,
    RouteRefreshCapability,
    UnknownCapability,
    decode_capabilities,
    encode_capability,
)
from tortie.bgp.wire.context import DecodeContext, EncodeContext
from tortie.bgp.wire.family import IPV4_UNICAST, IPV6_UNICAST, Family, family_from_name
from tortie.bgp.wire.message import (
    HEADER_LENGTH,
    KEEPALIVE,
    MESSAGE_LENGTH_MAX,
    MESSAGE_LENGTH_MAX_EXTENDED,
    MessageReader,
    MessageType,
    encode_message,
)
from tortie.bgp.wire.nlri import (
    address_from_text,
    address_to_text,
    decode_nlri,
    join_path_id,
    prefix_from_text,
    prefix_to_text,
    split_path_id,
)
from tortie.bgp.wire.notification import (
    Notification,
    decode_notification,
    encode_notification,
    hard_reset,
    shutdown_data,
)
from tortie.bgp.wire.open import Open, decode_open, encode_open
from tortie.bgp.wire.route_refresh import RouteRefresh, decode_route_refresh, encode_route_refresh
from tortie.bgp.wire.segment import (
    AS_SEQUENCE,
    AS_SET,
    AS_TRANS,
    Segment,
    prepended,
    without_confederation,
)
from tortie.bgp.wire.update import (
    Update,
    attribute_block,
    decode_update,
    encode_end_of_rib,
    encode_updates,
    encode_withdrawals,
    is_encodable,
)

__all__ = [
    "AS_SEQUENCE",
    "AS_SET",
    "AS_TRANS",
    "HEADER_LENGTH",
    "IPV4_UNICAST",
    "IPV6_UNICAST",
    "KEEPALIVE",
    "MESSAGE_LENGTH_MAX",
    "MESSAGE_LENGTH_MAX_EXTENDED",
    "ORIGIN_EGP",
    "ORIGIN_IGP",
    "ORIGIN_INCOMPLETE",
    "RESTART_TIME_S_MAX",
    "AddPath",
    "AttributeFields",
    "AttributeSet",
    "AttributeTable",
    "Capability",
    "DecodeContext",
    "EncodeContext",
    "EnhancedRouteRefresh",
    "ExtendedMessage",
    "ExtendedNextHop",
    "Family",
    "FourOctetAS",
    "GracefulRestart",
    "MessageReader",
    "MessageType",
    "Multiprotocol",
    "Notification",
    "Open",
    "RouteRefresh",
    "RouteRefreshCapability",
    "Segment",
    "UnknownAttribute",
    "UnknownCapability",
    "Update",
    "address_from_text",
    "address_to_text",
    "attribute_block",
    "decode_capabilities",
    "decode_nlri",
    "decode_notification",
    "decode_open",
    "decode_route_refresh",
    "decode_update",
    "encode_capability",
    "encode_end_of_rib",
    "encode_message",
    "encode_notification",
    "encode_open",
    "encode_route_refresh",
    "encode_updates",
    "encode_withdrawals",
    "family_from_name",
    "hard_reset",
    "is_encodable",
    "join_path_id",
    "prefix_from_text",
    "prefix_to_text",
    "prepended",
    "shutdown_data",
    "split_path_id",
    "without_confederation",
]
