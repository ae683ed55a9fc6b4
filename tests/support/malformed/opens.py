"""OPEN, and messages that come in its place or in that of the first KEEPALIVE.

RFC 4271 §6.2; RFC 5492; RFC 6286; RFC 6608; RFC 7607; RFC 9072.
"""

from typing import Final

from support.malformed.bench import MULTIPROTOCOL, OWN_ROUTER_ID, capability, update
from support.malformed.bench import open_message as bench_open
from support.malformed.headers import bad_length
from support.malformed.row import LOCAL_AS, PEER_AS, Kind, Reaction, Row, Side, Stage
from support.malformed.words import (
    Message,
    both,
    header,
    reset,
    wire,
)
from support.wire import PREFIX
from tortie.bgp.wire import KEEPALIVE


def peer_asn(side: Side) -> int:
    """The AS number that the peer must have."""
    return PEER_AS if side.kind is Kind.EBGP else LOCAL_AS


def opening(  # noqa: PLR0917 - the columns of a row
    name: str, what: str, rfc: str, message: Message, reaction: Reaction, ibgp: Reaction | None = None, **more: object
) -> Row:
    """A row about what comes in place of the peer's OPEN.

    It touches "" where it agrees on too little for the good routes.
    """
    fields: dict[str, object] = {"stage": Stage.OPEN_SENT, "touches": "46", **more}
    return Row(name, what, rfc, message, reaction, ibgp or reaction, **fields)  # type: ignore[arg-type]  # its fields


def opened(**fields: object) -> Message:
    """An OPEN of the right AS, with other fields."""
    return lambda side: bench_open(peer_asn(side), 9, **fields)  # type: ignore[arg-type]  # keywords of the function


def parameters(octets: str) -> Message:
    """An OPEN with these optional parameters, their length included."""
    return opened(parameters=wire(octets))


def capabilities(octets: str) -> Message:
    """An OPEN with these capabilities beside the usual ones."""
    return lambda side: bench_open(
        peer_asn(side), 9, capabilities=MULTIPROTOCOL + capability(65, peer_asn(side).to_bytes(4)) + wire(octets)
    )


def extended(side: Side) -> bytes:
    """An OPEN with the optional parameters of RFC 9072."""
    octets = MULTIPROTOCOL + capability(65, peer_asn(side).to_bytes(4))
    parameter = b"\2" + len(octets).to_bytes(2) + octets
    return bench_open(peer_asn(side), 9, parameters=b"\xff\xff" + len(parameter).to_bytes(2) + parameter)


CONFIRMED = Reaction("accept", is_ignored=True)
UNSPECIFIC = reset(2, 0)

OPENS: Final = (
    opening("open.27", "OPEN of 27 octets", "4271 §6.1", header(27, 1, bytes(8)), bad_length(27)),
    opening("open.4097", "OPEN of 4097 octets", "4271 §6.1", header(4097, 1), bad_length(4097)),
    opening("open.version_3", "version 3", "4271 §6.2", opened(version=3), reset(2, 1, b"\0\4")),
    opening("open.version_5", "version 5", "4271 §6.2", opened(version=5), reset(2, 1, b"\0\4")),
    opening("open.other_as", "another AS than the configured one", "4271 §6.2", lambda _: bench_open(64999, 9),
            reset(2, 2)),
    opening("open.as_0", "AS 0", "7607 §2",
            lambda _: bench_open(0, 9, capabilities=MULTIPROTOCOL), reset(2, 2), has_any_as=True),
    opening("open.capability_as_0", "AS 0 in the 4-octet AS capability", "7607 §2",
            lambda side: bench_open(peer_asn(side), 9, capabilities=MULTIPROTOCOL + capability(65, bytes(4))),
            reset(2, 2), has_any_as=True),
    opening("open.as_trans", "AS 23456 without the 4-octet AS capability", "6793 §4.1",
            lambda _: bench_open(23456, 9, capabilities=MULTIPROTOCOL), reset(2, 2), has_any_as=True),
    opening("open.router_id_0", "BGP Identifier 0.0.0.0", "6286 §2.2", lambda side: bench_open(peer_asn(side), 0),
            reset(2, 3)),
    opening("open.router_id_ours", "our own BGP Identifier", "6286 §2.2",
            lambda side: bench_open(peer_asn(side), OWN_ROUTER_ID), CONFIRMED, reset(2, 3)),
    opening("open.hold_time_1", "hold time 1", "4271 §6.2", opened(hold_time_s=1), reset(2, 6)),
    opening("open.hold_time_2", "hold time 2", "4271 §6.2", opened(hold_time_s=2), reset(2, 6)),
    opening("open.hold_time_3", "hold time 3", "4271 §6.2", opened(hold_time_s=3), CONFIRMED),
    opening("open.parameter_1", "an optional parameter of type 1", "4271 §6.2", parameters("0401020000"), reset(2, 4)),
    opening("open.parameters_overrun", "optional parameters beyond the message", "4271 §6.2", parameters("08020000"),
            UNSPECIFIC),
    opening("open.parameters_left", "octets behind the optional parameters", "4271 §6.2", parameters("02020000"),
            UNSPECIFIC),
    opening("open.parameter_overrun", "an optional parameter that runs past the others", "4271 §6.2",
            parameters("0402060000"), UNSPECIFIC),
    opening("open.parameter_cut", "an optional parameter without its length", "4271 §6.2", parameters("0102"),
            UNSPECIFIC),
    opening("open.no_parameters", "no optional parameter", "4271 §4.2",
            lambda side: bench_open(peer_asn(side), 9, parameters=b"\0"), CONFIRMED, touches=""),
    opening("open.capability_overrun", "a capability that runs past its parameter", "5492 §4",
            capabilities("c80a00"), UNSPECIFIC),
    opening("open.capability_cut", "a capability without its length", "5492 §4", capabilities("c8"), UNSPECIFIC),
    opening("open.capability_unknown", "capability 200, which nobody knows", "5492 §3", capabilities("c801ff"),
            CONFIRMED),
    opening("open.capability_twice", "a capability twice", "5492 §4", capabilities("010400010001"), CONFIRMED),
    opening("open.multiprotocol_3", "multiprotocol capability of 3 octets", "4760 §8", capabilities("0103000100"),
            UNSPECIFIC),
    opening("open.four_octet_as_2", "4-octet AS capability of 2 octets", "6793 §3", capabilities("4102fde9"),
            UNSPECIFIC),
    opening("open.route_refresh_1", "route refresh capability of 1 octet", "2918 §2", capabilities("020100"),
            UNSPECIFIC),
    opening("open.graceful_restart_1", "graceful restart capability of 1 octet", "4724 §3", capabilities("400100"),
            UNSPECIFIC),
    opening("open.graceful_restart_5", "graceful restart capability of 5 octets", "4724 §3",
            capabilities("40050078000101"), UNSPECIFIC),
    opening("open.add_path_3", "ADD-PATH capability of 3 octets", "7911 §4", capabilities("4503000101"), UNSPECIFIC),
    opening("open.add_path_mode_4", "ADD-PATH capability of mode 4", "7911 §4", capabilities("450400010104"),
            CONFIRMED),
    opening("open.enhanced_refresh_1", "enhanced route refresh capability of 1 octet", "7313 §3",
            capabilities("460100"), UNSPECIFIC),
    opening("open.extended_message_1", "extended message capability of 1 octet", "8654 §3", capabilities("060100"),
            UNSPECIFIC),
    opening("open.no_family", "no family in common", "5492 §5",
            lambda side: bench_open(peer_asn(side), 9,
                                    capabilities=capability(1, wire("00190041"))
                                    + capability(65, peer_asn(side).to_bytes(4))),
            reset(2, 7, MULTIPROTOCOL)),
    opening("open.extended", "extended optional parameters", "9072 §2", extended, CONFIRMED),
    opening("open.extended_no_length", "extended optional parameters without their length", "9072 §2",
            parameters("ffff00"), UNSPECIFIC),
    opening("open.extended_overrun", "extended optional parameters beyond the message", "9072 §2",
            parameters("ffff0010020000"), UNSPECIFIC),
    opening("open.extended_parameter_cut", "an extended parameter with one octet of length", "9072 §2",
            parameters("ffff00020200"), UNSPECIFIC),
    opening("open.extended_empty", "extended optional parameters of no octet", "9072 §2", parameters("ffff0000"),
            CONFIRMED, touches=""),
    opening("open_sent.update", "UPDATE instead of OPEN", "6608 §4", lambda side: update(side.base, PREFIX),
            reset(5, 1, b"\2")),
    opening("open_sent.keepalive", "KEEPALIVE instead of OPEN", "6608 §4", lambda _: KEEPALIVE, reset(5, 1, b"\4")),
    opening("open_sent.route_refresh", "ROUTE-REFRESH instead of OPEN", "6608 §4", header(23, 5, wire("00010001")),
            reset(5, 1, b"\5")),
    opening("open_sent.garbage", "HTTP instead of OPEN", "4271 §6.1",
            lambda _: b"GET / HTTP/1.1\r\nHost: reflector\r\n",
            reset(1, 1)),
)  # fmt: skip


def confirming(name: str, what: str, rfc: str, message: Message, reaction: Reaction) -> Row:
    """A row about what comes in place of the first KEEPALIVE."""
    return both(name, what, rfc, message, reaction, stage=Stage.OPEN_CONFIRM, touches="46")


CONFIRMS: Final = (
    confirming("open_confirm.update", "UPDATE in OpenConfirm", "6608 §4", lambda side: update(side.base, PREFIX),
               reset(5, 2, b"\2")),
    confirming("open_confirm.open", "OPEN in OpenConfirm", "6608 §4", opened(), reset(5, 2, b"\1")),
    confirming("open_confirm.route_refresh", "ROUTE-REFRESH in OpenConfirm", "6608 §4", header(23, 5, wire("00010001")),
               reset(5, 2, b"\5")),
    confirming("open_confirm.marker", "a marker of zeros in OpenConfirm", "4271 §6.1", header(19, 4, marker=bytes(16)),
               reset(1, 1)),
)  # fmt: skip
