"""docs/interop.md has a row for every speaker in every role with both families, and reads as it is generated."""

import pytest

from documents import DOCS
from support.daemons import DAEMONS, FRR, Bird1, Bird2, GoBGP, bird_routes
from support.interop_page import LAB_ROLES, ROLES, Finding, interop_page

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
    page = interop_page([Finding(Bird2, "client", "ipv4", ("routes", "unknown", "end"), ("unknown",))])
    assert "| BIRD 2 | 9.9 | `bird2` |" in page
    assert "| BIRD 2 | client | ipv4 | ✓ |  |  |  | n/o |  |  |  | ✓ |  |  |" in page


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


def test_a_row_of_a_lab_stands_in_the_second_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bird2, "version", lambda: "9.9")
    page = interop_page([Finding(Bird2, "lab reflector", "ipv6", ("commands", "pings"))])
    first, second = page.split("## In the place of a lab node")
    assert "lab reflector" not in first
    assert "| BIRD 2 | lab reflector | ipv6 |  | ✓ | ✓ |  |  |" in second
