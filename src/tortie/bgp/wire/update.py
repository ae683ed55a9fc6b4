"""UPDATE: routes announced and withdrawn.

For: the message and its bytes, in both directions. Not for: deciding about the problems found
(`session`), nor coding one attribute (`attribute/`).
RFC 4271 §4.3, §6.3; RFC 4760; RFC 4724 §2 (End-of-RIB); RFC 7606; RFC 8950.

Structures to know: `Update`; `decode_update` is the receive path, `encode_updates` the send path.

    +----------------------+-----------+-----------------------+------------+---------------+
    | withdrawn length (2) | withdrawn | attributes length (2) | attributes | NLRI (IPv4)   |
    +----------------------+-----------+-----------------------+------------+---------------+
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from struct import Struct
from typing import Final

from tortie.bgp.errors import (
    UPDATE_MESSAGE_ERROR,
    AttributesTooLargeError,
    Disposition,
    NextHopUnusableError,
    NLRIError,
    Problem,
    RemoteProtocolError,
)
from tortie.bgp.wire.attribute import mp_reach, mp_unreach
from tortie.bgp.wire.attribute.decode import RawAttribute, cut_multiprotocol, decode_block, judge_block
from tortie.bgp.wire.attribute.draft import MalformedAttributeError
from tortie.bgp.wire.attribute.encode import encode_block
from tortie.bgp.wire.attribute.next_hop import IPV4_LENGTH, check_host
from tortie.bgp.wire.attribute.subcode import (
    ATTRIBUTE_FLAGS_ERROR,
    INVALID_NEXT_HOP,
    KIND_MASK,
    MALFORMED_ATTRIBUTE_LIST,
    OPTIONAL_ATTRIBUTE_ERROR,
)
from tortie.bgp.wire.attribute.table import ATTRIBUTE_TABLE
from tortie.bgp.wire.attribute_set import AttributeSet, AttributeTable, SeenBlock
from tortie.bgp.wire.context import DecodeContext, EncodeContext
from tortie.bgp.wire.family import IPV4_UNICAST, Family
from tortie.bgp.wire.message import HEADER_LENGTH, MARKER, MessageType
from tortie.bgp.wire.nlri import PATH_ID_LENGTH, decode_nlri

_LENGTH_FIELD: Final = 2
_FIXED_LENGTH: Final = 2 * _LENGTH_FIELD
_TYPE: Final = int(MessageType.UPDATE)
_OVERHEAD: Final = HEADER_LENGTH + _FIXED_LENGTH
_HEADER: Final = Struct(f">{len(MARKER)}sHBHH")
"""Marker, message length, type; withdrawn and attributes length, neighbours when nothing is withdrawn."""
_WITHDRAWAL_HEADER: Final = Struct(f">{len(MARKER)}sHBH")
"""Marker, message length, type, withdrawn length."""


class Update:
    """A decoded UPDATE. Apply `withdrawn` first: a prefix may stand there and in `announced` (RFC 4271 §4.3).

    Attributes:
        announced: (family, attributes, NLRI keys), usable as they are.
        withdrawn: (family, NLRI keys).
        announced_unusable: (family, NLRI keys) whose attributes cannot be used; a problem with
            TREAT_AS_WITHDRAW or SESSION_RESET says why.
        problems: what was found wrong, each once.
        end_of_rib: the family whose End-of-RIB this is, else None.
    """

    __slots__ = ("announced", "announced_unusable", "end_of_rib", "problems", "withdrawn")

    def __init__(self) -> None:
        """Begin with nothing announced or withdrawn."""
        self.announced: list[tuple[Family, AttributeSet, list[bytes]]] = []
        self.withdrawn: list[tuple[Family, list[bytes]]] = []
        self.announced_unusable: list[tuple[Family, list[bytes]]] = []
        self.problems: tuple[Problem, ...] = ()
        self.end_of_rib: Family | None = None


# ---------------------------------------------------------------- receive


def decode_update(body: bytes, context: DecodeContext, table: AttributeTable) -> Update:
    """Decode the body of an UPDATE.

    Nothing is decided: what RFC 7606 would discard is left out of the attributes, what it would treat as
    withdrawn is in `announced_unusable`, and `problems` says why. Routes of a family that was not
    negotiated are left out, with a problem.

    Args:
        body: the message without its header.
        context: what the session negotiated.
        table: the engine's attribute table.
    Raises:
        RemoteProtocolError: the prefixes cannot be told: 3/1 lengths that do not fit or MP_REACH_NLRI
            twice, 3/10 a field of prefixes, 3/9 one inside MP_REACH_NLRI or MP_UNREACH_NLRI.
    Cost: for attributes seen before, one dictionary look-up and one walk over the prefixes.
    """
    size = len(body)
    if size < _FIXED_LENGTH:
        raise _bad_lengths(f"{size} octets, expected at least 4")
    withdrawn_end = _LENGTH_FIELD + (body[0] << 8 | body[1])
    block_start = withdrawn_end + _LENGTH_FIELD
    if block_start > size:
        raise _bad_lengths(f"withdrawn routes end at octet {withdrawn_end} of {size}")
    block_end = block_start + (body[withdrawn_end] << 8 | body[withdrawn_end + 1])
    if block_end > size:
        raise _bad_lengths(f"attributes end at octet {block_end} of {size}")
    update = Update()
    if withdrawn_end > _LENGTH_FIELD:
        _withdraw(update, body[_LENGTH_FIELD:withdrawn_end], context)
    block = body[block_start:block_end]
    if block_end < size:
        seen = table.seen[context.form].young.get(block)
        if seen is not None and IPV4_UNICAST in context.families:
            keys = decode_nlri(body[block_end:], IPV4_UNICAST, _has_path_ids(context))
            _announce(update, IPV4_UNICAST, seen, keys)
            return update
    elif not block:
        if withdrawn_end == _LENGTH_FIELD and IPV4_UNICAST in context.families:
            update.end_of_rib = IPV4_UNICAST
        return update
    if block_end < size or not _decode_usual_reach(update, block, context, table):
        _decode_parts(update, block, body[block_end:], context, table)
    return update


def _decode_usual_reach(update: Update, block: bytes, context: DecodeContext, table: AttributeTable) -> bool:
    """Decode a block that begins with MP_REACH_NLRI and goes on with attributes seen before.

    The short way of `_decode_parts` for what speakers mostly send. A block that was seen holds no second
    MP_REACH_NLRI and no MP_UNREACH_NLRI, so nothing needs to be searched.

    Returns:
        Whether it was that; if not, nothing was done.
    """
    cut = mp_reach.cut_leading(block)
    if cut is None:
        return False
    family, next_hop, nlri, rest = cut
    if family not in context.families or _is_foreign_next_hop(family, next_hop, context):
        return False
    seen = table.seen[context.form].young.get((rest, next_hop))
    if seen is None:
        return False
    try:
        keys = decode_nlri(nlri, family, family in context.add_path)
    except NLRIError:
        return False
    if not keys:
        return False
    _announce(update, family, seen, keys)
    return True


def _decode_parts(update: Update, block: bytes, nlri: bytes, context: DecodeContext, table: AttributeTable) -> None:
    """Decode an UPDATE whose attributes are new, or that has MP_REACH_NLRI or MP_UNREACH_NLRI."""
    rest, reach, unreach = cut_multiprotocol(block)
    if unreach is not None:
        is_alone = not (rest or reach or nlri or update.withdrawn)
        _take_unreach(update, unreach, context, is_alone)
    is_announcing = bool(nlri)
    if reach is not None:
        is_announcing |= _take_reach(update, reach, rest, context, table)
    if nlri:
        _take_nlri(update, nlri, rest, context, table)
    if rest and not is_announcing:
        _add_problems(update, judge_block(rest, context))
    if any(problem.disposition > Disposition.ATTRIBUTE_DISCARD for problem in update.problems):
        update.announced_unusable += [(family, keys) for family, _, keys in update.announced]
        update.announced.clear()


def _withdraw(update: Update, field: bytes, context: DecodeContext) -> None:
    keys = decode_nlri(field, IPV4_UNICAST, _has_path_ids(context))
    if IPV4_UNICAST in context.families:
        update.withdrawn.append((IPV4_UNICAST, keys))
    else:
        _add_problems(update, (_not_negotiated(IPV4_UNICAST, b""),))


def _take_nlri(update: Update, nlri: bytes, rest: bytes, context: DecodeContext, table: AttributeTable) -> None:
    keys = decode_nlri(nlri, IPV4_UNICAST, _has_path_ids(context))
    if IPV4_UNICAST in context.families:
        _announce(update, IPV4_UNICAST, _look_up(rest, b"", context, table), keys)
    else:
        _add_problems(update, (_not_negotiated(IPV4_UNICAST, b""),))


def _take_reach(
    update: Update, attribute: RawAttribute, rest: bytes, context: DecodeContext, table: AttributeTable
) -> bool:
    """Announce what MP_REACH_NLRI holds; say whether it holds (or may hold) any prefix."""
    try:
        family = mp_reach.read_family(attribute.value)
        if family not in context.families:
            _add_problems(update, (_not_negotiated(family, attribute.raw),))
            return True
        _, next_hop, nlri = mp_reach.decode(attribute.value, family)
    except MalformedAttributeError as fault:
        raise _unlocatable(attribute, fault) from fault
    keys = _decode_mp_nlri(attribute, nlri, family, context)
    _judge_flags(update, attribute, context)
    if not keys:
        return False
    try:
        _check_next_hop(family, next_hop, context)
    except MalformedAttributeError as fault:
        text = f"{ATTRIBUTE_TABLE[attribute.code].name}: {fault}"
        problem = Problem(UPDATE_MESSAGE_ERROR, fault.subcode, attribute.raw, Disposition.TREAT_AS_WITHDRAW, text)
        _announce(update, family, (None, (problem,)), keys)
    else:
        _announce(update, family, _look_up(rest, next_hop, context, table), keys)
    return True


def _is_foreign_next_hop(family: Family, next_hop: bytes, context: DecodeContext) -> bool:
    return not context.extended_next_hop and family == IPV4_UNICAST and len(next_hop) != IPV4_LENGTH


def _check_next_hop(family: Family, next_hop: bytes, context: DecodeContext) -> None:
    check_host(next_hop)
    if _is_foreign_next_hop(family, next_hop, context):
        raise MalformedAttributeError(INVALID_NEXT_HOP, "IPv6 next hop of IPv4 routes, which was not negotiated")


def _take_unreach(update: Update, attribute: RawAttribute, context: DecodeContext, is_alone: bool) -> None:
    """Withdraw what MP_UNREACH_NLRI holds; nothing, alone in its UPDATE, is an End-of-RIB."""
    try:
        family = mp_reach.read_family(attribute.value)
    except MalformedAttributeError as fault:
        raise _unlocatable(attribute, fault) from fault
    if family not in context.families:
        _add_problems(update, (_not_negotiated(family, attribute.raw),))
        return
    nlri = attribute.value[mp_unreach.FIXED_LENGTH :]
    keys = _decode_mp_nlri(attribute, nlri, family, context)
    _judge_flags(update, attribute, context)
    if keys:
        update.withdrawn.append((family, keys))
    elif is_alone:
        update.end_of_rib = family


def _decode_mp_nlri(attribute: RawAttribute, nlri: bytes, family: Family, context: DecodeContext) -> list[bytes]:
    try:
        return decode_nlri(nlri, family, family in context.add_path)
    except NLRIError as error:
        raise _unlocatable(attribute, error) from error


def _look_up(rest: bytes, mp_next_hop: bytes, context: DecodeContext, table: AttributeTable) -> SeenBlock:
    cache = table.seen[context.form]
    key = (rest, mp_next_hop) if mp_next_hop else rest
    seen = cache.find(key)
    if seen is None:
        seen = decode_block(rest, mp_next_hop, context, table)
        cache.remember(key, seen)
    return seen


def _announce(update: Update, family: Family, seen: SeenBlock, keys: list[bytes]) -> None:
    attributes, problems = seen
    if attributes is None:
        update.announced_unusable.append((family, keys))
    else:
        update.announced.append((family, attributes, keys))
    if problems:
        _add_problems(update, problems)


def _has_path_ids(context: DecodeContext) -> bool:
    return bool(context.add_path) and IPV4_UNICAST in context.add_path


def _add_problems(update: Update, problems: tuple[Problem, ...]) -> None:
    update.problems = tuple(dict.fromkeys(update.problems + problems))


def _judge_flags(update: Update, attribute: RawAttribute, context: DecodeContext) -> None:
    row = ATTRIBUTE_TABLE[attribute.code]
    if attribute.flags & KIND_MASK != row.flags:
        text = f"{row.name}: flags {attribute.flags:#04x}, expected {row.flags:#04x}"
        disposition = (row.ibgp if context.is_internal else row.ebgp).flags
        problem = Problem(UPDATE_MESSAGE_ERROR, ATTRIBUTE_FLAGS_ERROR, attribute.raw, disposition, text)
        _add_problems(update, (problem,))


def _not_negotiated(family: Family, data: bytes) -> Problem:
    text = f"routes of family {family.name}, which was not negotiated: left out"
    return Problem(UPDATE_MESSAGE_ERROR, OPTIONAL_ATTRIBUTE_ERROR, data, Disposition.ATTRIBUTE_DISCARD, text)


def _unlocatable(attribute: RawAttribute, cause: Exception) -> RemoteProtocolError:
    """Return the error of an attribute whose prefixes cannot be located or cut (RFC 7606 §3 j)."""
    text = f"{ATTRIBUTE_TABLE[attribute.code].name}: {cause}"
    return RemoteProtocolError(UPDATE_MESSAGE_ERROR, OPTIONAL_ATTRIBUTE_ERROR, attribute.raw, text)


def _bad_lengths(text: str) -> RemoteProtocolError:
    return RemoteProtocolError(UPDATE_MESSAGE_ERROR, MALFORMED_ATTRIBUTE_LIST, b"", f"UPDATE: {text}")


# ---------------------------------------------------------------- send


def attribute_block(attributes: AttributeSet, family: Family, context: EncodeContext) -> bytes:
    """Return the attributes of a set as UPDATEs of `family` carry them, but for MP_REACH_NLRI.

    Encoded once, then kept on the set until another form is asked for.
    """
    return encode_block(attributes, context.four_octet_as, _is_classic(attributes, family))


def encode_updates(
    family: Family, attributes: AttributeSet, nlris: Sequence[bytes], context: EncodeContext
) -> list[bytes]:
    """Encode the announcement of `nlris`, which share `attributes`, in as few messages as will do.

    IPv4 routes with an IPv4 next hop go outside MP_REACH_NLRI; all others into it, which then comes
    first (RFC 7606 §5.1).

    Args:
        family: of the routes.
        attributes: not modified, but for the block kept on it.
        nlris: NLRI keys, with path identifiers where `context.add_path`; written in this order.
        context: what the session negotiated.
    Returns:
        Whole messages of at most `message_size_bytes_max` octets; none for no prefix.
    Raises:
        AttributesTooLargeError: no message can hold the attributes and one prefix.
        NextHopUnusableError: the next hop does not suit the family, or it is an IPv6 one for IPv4 routes
            and the session has no extended next hop.
    """
    is_classic = _is_classic(attributes, family)
    block = encode_block(attributes, context.four_octet_as, is_classic)
    room = context.message_size_bytes_max - _OVERHEAD - len(block)
    if is_classic:
        return [_message(block, field) for field in _packed(nlris, room)]
    next_hop = attributes.next_hop
    if family == IPV4_UNICAST and not context.extended_next_hop:
        raise NextHopUnusableError(f"next hop {next_hop.hex()!r}: IPv4 routes need 4 octets on this session")
    room -= mp_reach.header_length(next_hop)
    return [
        _message(mp_reach.encode_header(family, next_hop, len(field)) + field + block) for field in _packed(nlris, room)
    ]


def is_encodable(family: Family, attributes: AttributeSet, context: EncodeContext) -> bool:
    """Say whether `encode_updates` can announce even the longest prefix with these attributes."""
    longest = bytes((family.prefix_bits_max,)).ljust(1 + family.prefix_bits_max // 8, b"\0")
    nlri = bytes(PATH_ID_LENGTH) + longest if context.add_path else longest
    try:
        encode_updates(family, attributes, (nlri,), context)
    except (AttributesTooLargeError, NextHopUnusableError):
        return False
    return True


def encode_withdrawals(family: Family, nlris: Sequence[bytes], context: EncodeContext) -> list[bytes]:
    """Encode the withdrawal of `nlris` in as few messages as will do.

    Returns:
        Whole messages of at most `message_size_bytes_max` octets; none for no prefix.
    """
    room = context.message_size_bytes_max - _OVERHEAD
    if family == IPV4_UNICAST:
        return [_withdrawal(field) for field in _packed(nlris, room)]
    return [
        _message(mp_unreach.encode_header(family, len(field)) + field)
        for field in _packed(nlris, room - mp_unreach.HEADER_OCTETS)
    ]


def encode_end_of_rib(family: Family) -> bytes:
    """Encode the End-of-RIB of `family` (RFC 4724 §2)."""
    return _message(b"" if family == IPV4_UNICAST else mp_unreach.encode_header(family, 0))


def _is_classic(attributes: AttributeSet, family: Family) -> bool:
    return family == IPV4_UNICAST and len(attributes.next_hop) == IPV4_LENGTH


def _packed(nlris: Sequence[bytes], room: int) -> list[bytes]:
    """Join keys, in order, into as few fields of at most `room` octets as will do; none for no key."""
    field = b"".join(nlris)
    if len(field) <= room:
        return [field] if field else []
    ends = list(accumulate(map(len, nlris)))
    fields: list[bytes] = []
    start = first = 0
    while first < len(ends):
        after = bisect_right(ends, start + room, first)
        if after == first:
            text = f"{len(nlris[first])} octets of NLRI, and the attributes leave room for {max(room, 0)}"
            raise AttributesTooLargeError(f"UPDATE: {text}")
        fields.append(field[start : ends[after - 1]])
        start, first = ends[after - 1], after
    return fields


def _message(block: bytes, nlri: bytes = b"") -> bytes:
    length = _OVERHEAD + len(block) + len(nlri)
    return _HEADER.pack(MARKER, length, _TYPE, 0, len(block)) + block + nlri


def _withdrawal(field: bytes) -> bytes:
    header = _WITHDRAWAL_HEADER.pack(MARKER, _OVERHEAD + len(field), _TYPE, len(field))
    return header + field + bytes(_LENGTH_FIELD)
