"""UPDATEs of the external corpus: decoded, they say what the corpus says they mean."""

import json
from typing import Any

import pytest

from support.corpus import corpus_folder
from support.wire import FAMILIES
from tortie.bgp.errors import Disposition, RemoteProtocolError
from tortie.bgp.wire import (
    AttributeSet,
    AttributeTable,
    DecodeContext,
    EncodeContext,
    Family,
    MessageReader,
    MessageType,
    Update,
    address_to_text,
    decode_update,
    encode_updates,
    prefix_to_text,
    split_path_id,
)

CASE_COUNT = 50
ORIGINS = ("igp", "egp", "incomplete")

# Sent by the corpus' own program, and not what the RFCs allow: the answer they ask for instead.
REFUSED_NEXT_HOPS = {"255.255.255.255": (3, 8, Disposition.TREAT_AS_WITHDRAW)}
RESET_NEXT_HOPS = {"170.170.170.170": (3, 9)}  # 4 octets for IPv6: RFC 7606 7.11
RESET_ATTRIBUTES = {"attribute-0x99-0x60": (3, 2), "attribute-0x99-0x70": (3, 2)}  # unknown, called well-known


def load(index: int) -> dict[str, Any]:
    lines = (corpus_folder("exabgp") / "unicast.jsonl").read_text().splitlines()
    assert len(lines) == CASE_COUNT
    case: dict[str, Any] = json.loads(lines[index])
    return case


def decode(case: dict[str, Any]) -> Update:
    reader = MessageReader()
    reader.feed(bytes.fromhex(case["hex"]))
    message = reader.next_message()
    assert message is not None
    message_type, body = message
    assert message_type is MessageType.UPDATE
    is_internal = "as-path" not in case["meaning"]["update"].get("attribute", {})
    add_path = FAMILIES if case["add_path"] else frozenset[Family]()
    context = DecodeContext(is_internal=is_internal, four_octet_as=True, families=FAMILIES, add_path=add_path)
    return decode_update(body, context, AttributeTable())


def prefixes(keys: list[bytes], family: Family, add_path: bool) -> list[dict[str, str]]:
    if not add_path:
        return [{"nlri": prefix_to_text(key, family)} for key in keys]
    pairs = [split_path_id(key) for key in keys]
    return [
        {"nlri": prefix_to_text(nlri, family), "path-information": address_to_text(path_id.to_bytes(4))}
        for path_id, nlri in pairs
    ]


def meaning_of(attributes: AttributeSet) -> dict[str, object]:
    """Return the attributes in the corpus' words."""
    meaning: dict[str, object] = {"origin": ORIGINS[attributes.origin]}
    if attributes.as_path:
        meaning["as-path"] = {
            str(index): {"element": "as-sequence", "value": list(segment.asns)}
            for index, segment in enumerate(attributes.as_path)
        }
    if attributes.med is not None:
        meaning["med"] = attributes.med
    if attributes.local_pref is not None:
        meaning["local-preference"] = attributes.local_pref
    if attributes.communities:
        meaning["community"] = [[community >> 16, community & 0xFFFF] for community in attributes.communities]
    if attributes.extended_communities:
        meaning["extended-community"] = list(attributes.extended_communities)
    if attributes.large_communities:
        meaning["large-community"] = [list(each) for each in attributes.large_communities]
    return meaning


def expected_attributes(stated: dict[str, Any]) -> dict[str, object]:
    expected = dict(stated)
    if "extended-community" in expected:
        expected["extended-community"] = [entry["value"] for entry in expected["extended-community"]]
    return expected


@pytest.mark.rfc("4271", "4.3")
@pytest.mark.rfc("4760", "3")
@pytest.mark.parametrize("index", range(CASE_COUNT))
def test_meaning(index: int) -> None:
    case = load(index)
    stated = case["meaning"]["update"]
    attributes = stated.get("attribute", {})
    announced = stated.get("announce", {})
    next_hops = {next_hop for by_next_hop in announced.values() for next_hop in by_next_hop}
    resets = [RESET_ATTRIBUTES[name] for name in attributes if name in RESET_ATTRIBUTES]
    if next_hops & RESET_NEXT_HOPS.keys():
        with pytest.raises(RemoteProtocolError) as caught:
            decode(case)
        assert (caught.value.code, caught.value.subcode) == RESET_NEXT_HOPS[next_hops.pop()]
        return
    update = decode(case)
    refused = resets or [REFUSED_NEXT_HOPS[each][:2] for each in next_hops if each in REFUSED_NEXT_HOPS]
    assert [(problem.code, problem.subcode) for problem in update.problems] == refused
    if refused:
        assert update.announced == []
        return
    found = {
        f"{family.name} unicast": {address_to_text(found.next_hop): prefixes(keys, family, case["add_path"])}
        for family, found, keys in update.announced
    }
    assert found == announced
    assert {f"{family.name} unicast": prefixes(keys, family, False) for family, keys in update.withdrawn} == (
        stated.get("withdraw", {})
    )
    for _, found_attributes, _ in update.announced:
        assert meaning_of(found_attributes) == expected_attributes(attributes)


@pytest.mark.parametrize("index", range(CASE_COUNT))
def test_what_is_encoded_again_means_the_same(index: int) -> None:
    case = load(index)
    if RESET_NEXT_HOPS.keys() & case["meaning"]["update"].get("announce", {}).get("ipv6 unicast", {}).keys():
        return
    context = EncodeContext(four_octet_as=True, add_path=case["add_path"], extended_next_hop=True)
    for family, attributes, keys in decode(case).announced:
        (message,) = encode_updates(family, attributes, keys, context)
        ((again_family, again, again_keys),) = decode({**case, "hex": message.hex()}).announced
        assert (again_family, again_keys, again.fields()) == (family, keys, attributes.fields())
