"""A block of path attributes to an attribute set.

For: walking the block, judging flags, duplicates and absences, and collecting what is wrong. Not for:
one attribute's value (its module), nor what is done about a problem (`session`).
RFC 4271 §4.3, §5, §6.3; RFC 7606 §3, §4; RFC 6793 §4.2.3.

Structures to know: `BlockParts`, and what a block comes to, `SeenBlock`.

    +------------+-----------+------------------------------+----------------+
    | flags (1)  | code (1)  | length (1; 2 if flags & 16)  | value (length) |   repeated
    +------------+-----------+------------------------------+----------------+
"""

from typing import Final, NamedTuple

from tortie.bgp.errors import UPDATE_MESSAGE_ERROR, Disposition, Problem, RemoteProtocolError
from tortie.bgp.wire.attribute import as4_aggregator, as4_path, mp_reach, mp_unreach, unknown
from tortie.bgp.wire.attribute.draft import AttributeDraft, MalformedAttributeError
from tortie.bgp.wire.attribute.subcode import (
    ATTRIBUTE_FLAGS_ERROR,
    EXTENDED_LENGTH,
    KIND_MASK,
    MALFORMED_ATTRIBUTE_LIST,
    MISSING_WELL_KNOWN,
    OPTIONAL,
    OPTIONAL_ATTRIBUTE_ERROR,
    PARTIAL,
    TRANSITIVE,
    UNRECOGNIZED_WELL_KNOWN,
)
from tortie.bgp.wire.attribute.table import ATTRIBUTE_TABLE, AttributeRow, Decoder, Reaction
from tortie.bgp.wire.attribute_set import AttributeTable, SeenBlock, UnknownAttribute
from tortie.bgp.wire.context import DecodeContext

NEXT_HOP_CODE: Final = 3
_HEADER_LENGTH: Final = 3
_EXTENDED_HEADER_LENGTH: Final = 4
_OPTIONAL_TRANSITIVE: Final = OPTIONAL | TRANSITIVE
_MULTIPROTOCOL_CODES: Final = (mp_reach.CODE, mp_unreach.CODE)
_MANDATORY_CODES: Final = frozenset(
    code for code, row in ATTRIBUTE_TABLE.items() if row.ebgp.missing or row.ibgp.missing
)
NO_CODE: Final = -1


def _usual_decoders(is_internal: bool) -> dict[int, Decoder]:
    """Return (flags << 8 | code) to decoder, for attributes with just the flags they must have.

    Extended Length is left out of the key, any sender may set it. All others, and those that this kind of
    session must not carry, take the long way.
    """
    return {
        row.flags << 8 | code: row.decode
        for code, row in ATTRIBUTE_TABLE.items()
        if row.decode is not None and not row.is_opaque and (row.ibgp if is_internal else row.ebgp).present is None
    }


_USUAL_DECODERS: Final = (_usual_decoders(is_internal=False), _usual_decoders(is_internal=True))


class RawAttribute(NamedTuple):
    """One attribute of a block: its parts, and `raw`, all of it."""

    flags: int
    code: int
    value: bytes
    raw: bytes


class BlockParts(NamedTuple):
    """A block with the attributes that carry prefixes cut out."""

    rest: bytes
    reach: RawAttribute | None
    unreach: RawAttribute | None


def cut_multiprotocol(block: bytes) -> BlockParts:
    """Cut MP_REACH_NLRI and MP_UNREACH_NLRI out of a block.

    What is left is the same for all routes that share their attributes. A header that does not fit the
    block ends the search; `decode_block` meets it again and reports it.

    Raises:
        RemoteProtocolError: 3/1, one of the two stands twice (RFC 7606 §3 g); 3/9, one runs past the
            block, so that its prefixes cannot be known (RFC 7606 §3 j).
    """
    found: dict[int, RawAttribute] = {}
    kept: list[bytes] = []
    kept_start = start = 0
    size = len(block)
    while start + _HEADER_LENGTH <= size:
        value_start, end = _bounds(block, start)
        code = block[start + 1]
        if code in _MULTIPROTOCOL_CODES:
            if end > size or code in found:
                raise _unlocatable(block, start, is_duplicate=code in found)
            found[code] = RawAttribute(block[start], code, block[value_start:end], block[start:end])
            kept.append(block[kept_start:start])
            kept_start = end
        start = end
    kept.append(block[kept_start:])
    return BlockParts(b"".join(kept), found.get(mp_reach.CODE), found.get(mp_unreach.CODE))


def decode_block(block: bytes, mp_next_hop: bytes, context: DecodeContext, table: AttributeTable) -> SeenBlock:
    """Decode the attributes of routes that are announced.

    Args:
        block: without MP_REACH_NLRI and MP_UNREACH_NLRI.
        mp_next_hop: the next hop of MP_REACH_NLRI, which makes NEXT_HOP count for nothing; b"" for routes
            outside MP_REACH_NLRI, which need NEXT_HOP.
        context: internal or external, 4- or 2-octet AS numbers.
        table: where the set is interned.
    Returns:
        The set, None if some problem asks for more than ATTRIBUTE_DISCARD; and the problems.
    """
    reader = _BlockReader(context, ignored_code=NEXT_HOP_CODE if mp_next_hop else NO_CODE)
    reader.read(block)
    if not reader.seen.issuperset(_MANDATORY_CODES):
        reader.judge_absences()
    problems = tuple(reader.problems)
    if problems and max(problem.disposition for problem in problems) > Disposition.ATTRIBUTE_DISCARD:
        return None, problems
    draft = reader.draft
    if not context.four_octet_as:
        _apply_as4(draft)
    return table.intern_fields(draft.fields(mp_next_hop or draft.next_hop)), problems


def judge_block(block: bytes, context: DecodeContext) -> tuple[Problem, ...]:
    """Return what is wrong with the attributes of an UPDATE that announces nothing.

    RFC 7606 §5.2: what would be treat-as-withdraw resets the session then, since a lost announcement
    cannot be told from none. Absences are no error.
    """
    reader = _BlockReader(context, ignored_code=NO_CODE)
    reader.read(block)
    return tuple(_escalated(problem) for problem in reader.problems)


class _BlockReader:
    """One walk over a block."""

    __slots__ = ("context", "draft", "ignored_code", "problems", "seen")

    context: DecodeContext
    draft: AttributeDraft
    ignored_code: int
    problems: list[Problem]
    seen: set[int]

    def __init__(self, context: DecodeContext, ignored_code: int) -> None:
        self.context = context
        self.draft = AttributeDraft()
        self.ignored_code = ignored_code
        self.problems = []
        self.seen = {ignored_code}

    def read(self, block: bytes) -> None:
        """Read every attribute into the draft; stop at one that runs past the block (RFC 7606 §4)."""
        usual = _USUAL_DECODERS[self.context.is_internal]
        context, draft, seen = self.context, self.draft, self.seen
        start, size = 0, len(block)
        while start + _HEADER_LENGTH <= size:
            value_start, end = _bounds(block, start)
            if end > size:
                break
            flags, code = block[start], block[start + 1]
            decode = usual.get((flags & ~EXTENDED_LENGTH) << 8 | code)
            if decode is None or code in seen:
                self._read_one(RawAttribute(flags, code, block[value_start:end], block[start:end]))
            else:
                seen.add(code)
                try:
                    decode(block[value_start:end], context, draft)
                except MalformedAttributeError as fault:
                    self._report_malformed(ATTRIBUTE_TABLE[code], block[start:end], fault)
            start = end
        if start < size:
            text = f"attribute at octet {start} of {size} runs past the attributes"
            self._report(MALFORMED_ATTRIBUTE_LIST, block[start:], Disposition.TREAT_AS_WITHDRAW, text)

    def judge_absences(self) -> None:
        """Report the well-known attributes that an announcement must have and has not."""
        for row in ATTRIBUTE_TABLE.values():
            missing = self._reaction(row).missing
            if missing is not None and row.code not in self.seen and row.code != self.ignored_code:
                self._report(MISSING_WELL_KNOWN, bytes((row.code,)), missing, f"{row.name}: absent")

    def _read_one(self, attribute: RawAttribute) -> None:
        code = attribute.code
        if code == self.ignored_code:
            return
        if code in self.seen:
            text = f"attribute {code}: again; the first one counts"
            self._report(MALFORMED_ATTRIBUTE_LIST, attribute.raw, Disposition.ATTRIBUTE_DISCARD, text)
            return
        self.seen.add(code)
        row = ATTRIBUTE_TABLE.get(code)
        if row is None or row.decode is None:
            self._read_unknown(attribute)
        else:
            self._read_known(attribute, row, row.decode)

    def _read_known(self, attribute: RawAttribute, row: AttributeRow, decode: Decoder) -> None:
        flags, code, value, raw = attribute
        reaction = self._reaction(row)
        if reaction.present is not None:
            self._report(OPTIONAL_ATTRIBUTE_ERROR, raw, reaction.present, f"{row.name}: not for external sessions")
            return
        if flags & KIND_MASK != row.flags:
            text = f"{row.name}: flags {flags:#04x}, expected {row.flags:#04x}"
            self._report(ATTRIBUTE_FLAGS_ERROR, raw, reaction.flags, text)
            return
        try:
            decode(value, self.context, self.draft)
        except MalformedAttributeError as fault:
            self._report_malformed(row, raw, fault)
            return
        if row.is_opaque:
            self.draft.unknown.append(UnknownAttribute(row.flags | flags & PARTIAL, code, value))
        elif flags & PARTIAL and row.flags == _OPTIONAL_TRANSITIVE:
            self.draft.partial.append(code)

    def _read_unknown(self, attribute: RawAttribute) -> None:
        flags, code, value, raw = attribute
        if unknown.is_well_known(flags):
            text = f"attribute {code}: flags {flags:#04x} call it well-known, and it is not"
            self._report(UNRECOGNIZED_WELL_KNOWN, raw, Disposition.SESSION_RESET, text)
        elif (carried := unknown.carried(flags, code, value)) is not None:
            self.draft.unknown.append(carried)

    def _reaction(self, row: AttributeRow) -> Reaction:
        return row.ibgp if self.context.is_internal else row.ebgp

    def _report_malformed(self, row: AttributeRow, raw: bytes, fault: MalformedAttributeError) -> None:
        self._report(fault.subcode, raw, self._reaction(row).malformed, f"{row.name}: {fault}")

    def _report(self, subcode: int, data: bytes, disposition: Disposition, text: str) -> None:
        self.problems.append(Problem(UPDATE_MESSAGE_ERROR, subcode, data, disposition, text))


def _bounds(block: bytes, start: int) -> tuple[int, int]:
    """Return where the value of the attribute at `start` begins and ends; the end may lie past the block."""
    if not block[start] & EXTENDED_LENGTH:
        value_start = start + _HEADER_LENGTH
        return value_start, value_start + block[start + 2]
    value_start = start + _EXTENDED_HEADER_LENGTH
    if value_start > len(block):
        return value_start, value_start
    return value_start, value_start + (block[start + 2] << 8 | block[start + 3])


def _unlocatable(block: bytes, start: int, *, is_duplicate: bool) -> RemoteProtocolError:
    name = ATTRIBUTE_TABLE[block[start + 1]].name
    if is_duplicate:
        text = f"{name}: twice in one UPDATE"
        return RemoteProtocolError(UPDATE_MESSAGE_ERROR, MALFORMED_ATTRIBUTE_LIST, b"", text)
    text = f"{name}: runs past the attributes"
    return RemoteProtocolError(UPDATE_MESSAGE_ERROR, OPTIONAL_ATTRIBUTE_ERROR, block[start:], text)


def _apply_as4(draft: AttributeDraft) -> None:
    """Merge AS4_PATH and AS4_AGGREGATOR, which a 2-octet speaker has passed on (RFC 6793 §4.2.3)."""
    if draft.aggregator is not None and draft.as4_aggregator is not None:
        if as4_aggregator.is_overruled(draft.aggregator):
            return
        draft.aggregator = draft.as4_aggregator
    draft.as_path = as4_path.merge(draft.as_path, draft.as4_path)


def _escalated(problem: Problem) -> Problem:
    if problem.disposition is not Disposition.TREAT_AS_WITHDRAW:
        return problem
    text = f"{problem.text} (no route announced, RFC 7606 5.2)"
    return Problem(problem.code, problem.subcode, problem.data, Disposition.SESSION_RESET, text)
