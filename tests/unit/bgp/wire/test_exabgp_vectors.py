"""UPDATEs that another implementation has written down with what they mean; the file lies outside the project.

Compared is what is decoded, and what is encoded of it again, read by a few lines of this test.
"""

import json
from ipaddress import IPv4Address
from struct import pack
from typing import Any

import pytest

from support.corpus import corpus_folder
from tortie.bgp.errors import Disposition, RemoteProtocolError
from tortie.bgp.wire import (
    HEADER_LENGTH,
    IPV4_UNICAST,
    IPV6_UNICAST,
    AttributeTable,
    DecodeContext,
    EncodeContext,
    Update,
    address_to_text,
    attribute_block,
    decode_update,
    encode_updates,
    prefix_to_text,
    split_path_id,
)

FAMILIES = {"ipv4 unicast": IPV4_UNICAST, "ipv6 unicast": IPV6_UNICAST}
ORIGINS = {"igp": b"\0", "egp": b"\1", "incomplete": b"\2"}
NO_STANDARD = "170.170.170.170"
"""RFC 8950 gives IPv4 prefixes IPv6 next hops; one vector has it the other way round, which no RFC allows."""

NO_HOST = "255.255.255.255"
"""One vector has it as next hop; RFC 4271 §6.3 asks for the address of a host."""

UNRECOGNIZED_WELL_KNOWN, INVALID_NEXT_HOP = 2, 8

Case = dict[str, Any]
Announced = dict[tuple[str, str, int], str]
"""(family, prefix, path identifier) → next hop."""


def cases() -> list[Case]:
    lines = (corpus_folder("exabgp") / "unicast.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if NO_STANDARD not in line]


def error_subcode(case: Case) -> int | None:
    """What RFC 4271 §6.3 has against a vector that its author sent all the same."""
    attributes = case["meaning"]["update"].get("attribute", {})
    if NO_HOST in meant(case).values():
        return INVALID_NEXT_HOP
    is_called_well_known = any(name.startswith("attribute-0x") for name in attributes)
    return UNRECOGNIZED_WELL_KNOWN if is_called_well_known else None


def decoded(case: Case) -> Update:
    message = bytes.fromhex(case["hex"])
    context = DecodeContext(
        is_internal="local-preference" in case["meaning"]["update"].get("attribute", {}),
        four_octet_as=True,
        families=frozenset(FAMILIES.values()),
        add_path=frozenset((IPV4_UNICAST,)) if case["add_path"] else frozenset(),
    )
    return decode_update(message[HEADER_LENGTH:], context, AttributeTable())


def meant(case: Case) -> Announced:
    return {
        (family, each["nlri"], int(IPv4Address(each.get("path-information", "0.0.0.0")))): next_hop
        for family, by_next_hop in case["meaning"]["update"].get("announce", {}).items()
        for next_hop, entries in by_next_hop.items()
        for each in entries
    }


def found(case: Case, update: Update) -> Announced:
    announced: Announced = {}
    for family, attributes, keys in update.announced:
        for key in keys:
            path_id, nlri = split_path_id(key) if case["add_path"] else (0, key)
            name = next(name for name, each in FAMILIES.items() if each == family)
            announced[name, prefix_to_text(nlri, family), path_id] = address_to_text(attributes.next_hop[:16])
    return announced


def values(block: bytes) -> dict[int, tuple[int, bytes]]:
    """Attribute code → flags and value of a block of attributes."""
    attributes = {}
    while block:
        flags, code = block[:2]
        size = 2 if flags & 0x10 else 1
        length = int.from_bytes(block[2 : 2 + size], "big")
        attributes[code] = flags & ~0x10, block[2 + size : 2 + size + length]
        block = block[2 + size + length :]
    return attributes


def meant_values(attributes: dict[str, Any], is_external: bool) -> dict[int, bytes]:
    """Attribute code → value, of what the vector says but for the next hop."""
    wanted: dict[int, bytes] = {2: b""}
    for name, value in attributes.items():
        match name:
            case "origin":
                wanted[1] = ORIGINS[value]
            case "as-path":
                segment = value["0"]["value"]
                wanted[2] = bytes((2, len(segment))) + pack(f">{len(segment)}I", *segment)
            case "med":
                wanted[4] = pack(">I", value)
            case "local-preference":
                wanted[5] = pack(">I", value)
            case "community":
                wanted[8] = b"".join(pack(">HH", *each) for each in value)
            case "extended-community":
                wanted[16] = b"".join(pack(">Q", each["value"]) for each in value)
            case "large-community":
                wanted[32] = b"".join(pack(">III", *each) for each in value)
            case _:
                pytest.fail(f"the vector has an attribute {name} that this test does not know")
    assert is_external == (5 not in wanted)
    return wanted


def test_there_are_as_many_as_were_looked_at() -> None:
    assert len(cases()) >= 47


@pytest.mark.rfc("7606", "7.11")
def test_a_next_hop_without_a_standard_is_refused() -> None:
    lines = (corpus_folder("exabgp") / "unicast.jsonl").read_text(encoding="utf-8").splitlines()
    (case,) = [json.loads(line) for line in lines if NO_STANDARD in line]
    with pytest.raises(RemoteProtocolError, match="next hop of 4 octets"):
        decoded(case)


def test_each_announces_and_withdraws_what_it_means() -> None:
    for case in cases():
        update, wanted = decoded(case), meant(case)
        if (subcode := error_subcode(case)) is not None:
            problems = [(each.subcode, each.disposition >= Disposition.TREAT_AS_WITHDRAW) for each in update.problems]
            assert problems == [(subcode, True)], update.problems
            assert not update.announced
            continue
        assert found(case, update) == wanted, case["case"]
        assert update.problems == (), case["case"]
        withdrawn = {
            (name, prefix_to_text(nlri, family))
            for family, nlris in update.withdrawn
            for name, each in FAMILIES.items()
            if each == family
            for nlri in nlris
        }
        means = case["meaning"]["update"].get("withdraw", {})
        assert withdrawn == {(family, each["nlri"]) for family, entries in means.items() for each in entries}


def test_attributes_are_decoded_and_encoded_as_they_are_meant() -> None:
    for case in cases():
        attributes = case["meaning"]["update"].get("attribute", {})
        for family, found_attributes, _keys in decoded(case).announced:
            block = attribute_block(found_attributes, family, EncodeContext(four_octet_as=True))
            encoded = {code: value for code, (_, value) in values(block).items() if code != 3}
            is_external = "local-preference" not in attributes
            assert encoded == meant_values(attributes, is_external), case["case"]


def test_what_is_encoded_again_decodes_to_the_same() -> None:
    for case in cases():
        for family, attributes, keys in decoded(case).announced:
            context = EncodeContext(four_octet_as=True, add_path=case["add_path"], extended_next_hop=True)
            for message in encode_updates(family, attributes, keys, context):
                again = decoded({**case, "hex": message.hex()})
                assert found(case, again) == found(case, decoded(case))
                assert [each.fields() for _, each, _ in again.announced] == [attributes.fields()]
