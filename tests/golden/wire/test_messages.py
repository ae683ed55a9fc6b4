"""Messages and their octets, both ways, against `messages.json`.

The file is written anew by `TORTIE_GOLDEN=write python -m pytest tests/golden/wire`; its difference is reviewed.
"""

import json
import os
from pathlib import Path
from typing import Final

import pytest

from support.wire import FAMILIES, NARROW, NEXT_HOP6, WIDE
from tortie.bgp.wire import (
    AS_SEQUENCE,
    AS_SET,
    IPV4_UNICAST,
    IPV6_UNICAST,
    KEEPALIVE,
    AddPath,
    AttributeTable,
    DecodeContext,
    EnhancedRouteRefresh,
    ExtendedMessage,
    FourOctetAS,
    GracefulRestart,
    MessageReader,
    MessageType,
    Multiprotocol,
    Notification,
    Open,
    RouteRefresh,
    RouteRefreshCapability,
    Segment,
    UnknownAttribute,
    decode_notification,
    decode_open,
    decode_route_refresh,
    decode_update,
    encode_end_of_rib,
    encode_notification,
    encode_open,
    encode_route_refresh,
    encode_updates,
    encode_withdrawals,
    prefix_from_text,
    prefix_to_text,
    shutdown_data,
)

FILE: Final = Path(__file__).with_name("messages.json")
Case = dict[str, str | list[str]]


def keys(*texts: str) -> list[bytes]:
    return [prefix_from_text(text)[1] for text in texts]


def messages() -> dict[str, bytes]:
    """Return the cases: name to the message our encoders write."""
    table = AttributeTable()
    plain = table.intern(as_path=(Segment(AS_SEQUENCE, (65001,)),), next_hop=bytes((10, 0, 0, 1)))
    reflected = table.intern(
        as_path=(Segment(AS_SEQUENCE, (65001, 4200000001)), Segment(AS_SET, (3, 70000))),
        next_hop=bytes((10, 0, 0, 1)),
        med=10,
        local_pref=100,
        atomic_aggregate=True,
        aggregator=(4200000001, 0x0A000009),
        communities=(0xFDE90001, 0xFFFFFF01),
        originator_id=0x0A000002,
        cluster_list=(0x0A000003, 0x0A000004),
        extended_communities=(0,),
        unknown=(UnknownAttribute(0xE0, 99, b"carried"),),
    )
    capabilities = (
        Multiprotocol(IPV4_UNICAST),
        Multiprotocol(IPV6_UNICAST),
        RouteRefreshCapability(),
        ExtendedMessage(),
        GracefulRestart(True, True, 120, ((IPV4_UNICAST, True),)),
        FourOctetAS(4200000001),
        AddPath(((IPV4_UNICAST, 3),)),
        EnhancedRouteRefresh(),
    )
    return {
        "keepalive": KEEPALIVE,
        "open": encode_open(Open(asn=4200000001, hold_time_s=90, router_id=0x0A000001, capabilities=capabilities)),
        "open, no capability": encode_open(Open(asn=65001, hold_time_s=0, router_id=0x0A000001)),
        "update": encode_updates(IPV4_UNICAST, plain, keys("192.0.2.0/24", "10.0.0.192/26", "0.0.0.0/0"), WIDE)[0],
        "update, reflected": encode_updates(IPV4_UNICAST, reflected, keys("192.0.2.0/24"), WIDE)[0],
        "update, reflected, 2-octet AS": encode_updates(IPV4_UNICAST, reflected, keys("192.0.2.0/24"), NARROW)[0],
        "update, IPv6": encode_updates(
            IPV6_UNICAST, table.replace(plain, next_hop=NEXT_HOP6), keys("2001:db8::/32", "fd00::1/128"), WIDE
        )[0],
        "withdrawal": encode_withdrawals(IPV4_UNICAST, keys("192.0.2.0/24", "10.0.0.192/26"), WIDE)[0],
        "withdrawal, IPv6": encode_withdrawals(IPV6_UNICAST, keys("2001:db8::/32"), WIDE)[0],
        "end of RIB": encode_end_of_rib(IPV4_UNICAST),
        "end of RIB, IPv6": encode_end_of_rib(IPV6_UNICAST),
        "notification": encode_notification(Notification(6, 2, shutdown_data("maintenance until 6"))),
        "route refresh": encode_route_refresh(RouteRefresh(IPV6_UNICAST)),
    }


def meaning(message: bytes, *, four_octet_as: bool) -> list[str]:
    """Return what our decoders read, a line an item."""
    reader = MessageReader()
    reader.feed(message)
    found = reader.next_message()
    assert found is not None
    message_type, body = found
    match message_type:
        case MessageType.KEEPALIVE:
            return ["KEEPALIVE"]
        case MessageType.OPEN:
            opened = decode_open(body)
            head = f"OPEN AS {opened.asn} hold time {opened.hold_time_s} s router id {opened.router_id:#010x}"
            return [head, *map(str, opened.capabilities)]
        case MessageType.NOTIFICATION:
            return [decode_notification(body).text]
        case MessageType.ROUTE_REFRESH:
            return [str(decode_route_refresh(body))]
        case MessageType.UPDATE:
            context = DecodeContext(is_internal=True, four_octet_as=four_octet_as, families=FAMILIES)
            return update_meaning(body, context)


def update_meaning(body: bytes, context: DecodeContext) -> list[str]:
    update = decode_update(body, context, AttributeTable())
    lines = [f"End-of-RIB {update.end_of_rib.name}"] if update.end_of_rib else []
    lines += [f"withdraw {prefix_to_text(nlri, family)}" for family, nlris in update.withdrawn for nlri in nlris]
    for family, attributes, nlris in update.announced:
        lines += [str(attributes), f"path {attributes.as_path_text()}"]
        lines += [f"announce {prefix_to_text(nlri, family)}" for nlri in nlris]
    return [*lines, *(problem.text for problem in update.problems)]


def current_cases() -> dict[str, Case]:
    return {
        name: {"hex": message.hex(), "meaning": meaning(message, four_octet_as="2-octet" not in name)}
        for name, message in messages().items()
    }


def golden_cases() -> dict[str, Case]:
    if os.environ.get("TORTIE_GOLDEN") == "write":
        FILE.write_text(json.dumps(current_cases(), indent=1) + "\n")
    cases: dict[str, Case] = json.loads(FILE.read_text())
    return cases


@pytest.mark.rfc("4271", "4")
@pytest.mark.parametrize("name", messages())
def test_octets_and_meaning(name: str) -> None:
    golden = golden_cases()[name]
    assert messages()[name].hex() == golden["hex"]
    assert isinstance(golden["hex"], str)
    assert meaning(bytes.fromhex(golden["hex"]), four_octet_as="2-octet" not in name) == golden["meaning"]


def test_no_case_is_left_over() -> None:
    assert list(golden_cases()) == list(messages())
