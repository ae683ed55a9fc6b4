"""docs/interop.md has a row for every speaker in every role with both families, and reads as it is generated."""

import json
from pathlib import Path

import pytest

from documents import DOCS
from support.daemons import DAEMONS, FRR, Bird1, Bird2, ExaBGP, GoBGP, bird_routes
from support.interop_page import FEATURES, LAB_ROLES, ROLES, SESSION_FEATURES, Finding, interop_page

FAMILIES = ("ipv4", "ipv6")
IN_LABS = (Bird2, Bird1, FRR, GoBGP)


def test_no_row_is_missing() -> None:
    page = (DOCS / "interop.md").read_text(encoding="utf-8")
    rows = [f"| {daemon.name} | {role} | {family} |" for daemon in DAEMONS for role in ROLES for family in FAMILIES]
    rows += [
        f"| {daemon.name} | {role} | {family} |" for daemon in IN_LABS for role in LAB_ROLES for family in FAMILIES
    ]
    assert [row for row in rows if row not in page] == []


def test_row_says_what_passed_and_what_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bird2, "version", lambda: "9.9")
    monkeypatch.setattr(Bird2, "not_offered", {"unknown/client": "it is blind"})
    page = interop_page([Finding(Bird2, "client", "ipv4", (feature,)) for feature in ("routes", "unknown", "end")])
    assert "| BIRD 2 | 9.9 | `bird2` |" in page
    assert "| BIRD 2 | client | ipv4 | ✓ |  |  |  | n/o |  |  |  | ✓ |  |  |" in page
    assert "| BIRD 2 | unknown, client | it is blind |" in page


def test_a_role_that_is_not_offered_has_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExaBGP, "version", lambda: "9.9")
    page = interop_page([Finding(ExaBGP, "client", "ipv6", ("routes",))])
    assert "| ExaBGP | reflector | ipv6 | n/o | n/o |" in page


def test_what_is_not_offered_is_a_feature_or_a_role_of_the_page() -> None:
    names = {*FEATURES, *SESSION_FEATURES, *ROLES}
    named = {key.split("/")[0] for daemon in DAEMONS for key in daemon.not_offered}
    assert named <= names


def test_every_option_of_a_session_was_tried_or_is_not_offered() -> None:
    page = (DOCS / "interop.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if " | sessions | " in line]
    assert len(rows) == len(DAEMONS) * len(FAMILIES)
    assert [row for row in rows if len(row.split("|")) != len(SESSION_FEATURES) + 5 or "|  |" in row] == []


def test_output_of_bird_is_read() -> None:
    text = """BIRD 2.0.12 ready.
Table master4:
10.3.1.0/24          unreachable [peer0 01:10:52.904 from 10.9.0.1] * (100/-) [i]
\tType: BGP univ
\tBGP.origin: IGP
\tBGP.as_path: 64513 4200000000
\tBGP.next_hop: 10.9.0.3
\tBGP.med: 77
\tBGP.local_pref: 100
\tBGP.community: (64512,7)
\tBGP.originator_id: 192.0.2.3
\tBGP.cluster_list: 1.0.0.1 1.0.0.2
\tBGP.f0 [t]: 74 6f
10.2.1.0/24          unreachable [own 01:10:52.904] * (200)
\tType: static univ
"""
    ((prefix, route),) = bird_routes(text).items()
    assert prefix == "10.3.1.0/24"
    assert (route.next_hop, route.as_path) == ("10.9.0.3", (64513, 4200000000))
    assert (route.med, route.local_pref, route.communities) == (77, 100, ("64512:7",))
    assert (route.originator_id, route.cluster_list) == ("192.0.2.3", ("1.0.0.1", "1.0.0.2"))
    assert route.unknown == (0xF0,)


def test_events_of_exabgp_are_read(tmp_path: Path) -> None:
    def event(peer: str, **values: object) -> str:
        return json.dumps({"neighbor": {"address": {"peer": peer}, **values}}) + "\n"

    def update(**values: object) -> dict[str, object]:
        return {"update": values}

    attributes = {"med": 77, "community": [[64512, 7]], "attribute-0xF0-0xE0": "0x74", "aggregator": "64512:192.0.2.9"}
    announced = {"ipv4 unicast": {"10.9.0.3": [{"nlri": "10.3.1.0/24"}, {"nlri": "10.3.2.0/24"}]}}
    gone = {"ipv4 unicast": [{"nlri": "10.3.2.0/24"}]}
    lines = [
        event("10.9.0.1", state="up"),
        event("10.9.0.1", message=update(attribute=attributes, announce=announced)),
        event("10.9.0.1", message=update(withdraw=gone)),
    ]
    exabgp = ExaBGP(tmp_path)
    (tmp_path / "events").write_text("".join(lines) + '{"neighbor": ')
    ((prefix, route),) = exabgp.routes().items()
    assert (prefix, route.next_hop, route.med, route.communities) == ("10.3.1.0/24", "10.9.0.3", 77, ("64512:7",))
    assert (route.unknown, route.aggregator) == ((0xF0,), (64512, "192.0.2.9"))
    assert exabgp.established() == ["10.9.0.1"]
    (tmp_path / "events").write_text("".join([*lines, event("10.9.0.1", state="down")]))
    assert (exabgp.routes(), exabgp.established()) == ({}, [])


def test_a_row_of_a_lab_stands_in_the_second_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bird2, "version", lambda: "9.9")
    page = interop_page([Finding(Bird2, "lab reflector", "ipv6", ("commands", "pings"))])
    first, second = page.split("## In the place of a lab node")
    assert "lab reflector" not in first
    assert "| BIRD 2 | lab reflector | ipv6 |  | ✓ | ✓ |  |  |" in second
