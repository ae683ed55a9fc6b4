"""The reactions that the RFCs ask for to malformed input, case by case (tests/golden/session/malformed.json)."""

import json
import re
from pathlib import Path

import pytest

from support.sessions import bring_to, drain, new_session, notifications, peer_open
from tortie.bgp.session import Session, State, outputs
from tortie.bgp.wire import (
    IPV4_UNICAST,
    IPV6_UNICAST,
    KEEPALIVE,
    Capability,
    FourOctetAS,
    Multiprotocol,
    RouteRefreshCapability,
    prefix_to_text,
)

VECTORS = Path(__file__).parents[3] / "golden" / "session" / "malformed.json"
CASES: list[dict[str, str | None]] = json.loads(VECTORS.read_text())["cases"]
PEER_AS = 65001
CAPABILITIES: tuple[Capability, ...] = (
    Multiprotocol(IPV4_UNICAST),
    Multiprotocol(IPV6_UNICAST),
    RouteRefreshCapability(),
    FourOctetAS(PEER_AS),
)


def session_for(stage: str) -> Session:
    session = new_session(router_id=0x0A320001, families=(IPV4_UNICAST, IPV6_UNICAST))
    bring_to(State.OPEN_SENT, session)
    if stage != "instead-of-open":
        opened = peer_open(session.config, asn=PEER_AS, capabilities=CAPABILITIES)
        session.receive_data(1, opened + KEEPALIVE, 0.0)
        assert session.state is State.ESTABLISHED
    drain(session)
    return session


def prefixes(taken: list[outputs.Output]) -> tuple[set[str], set[str]]:
    """Announced and withdrawn prefixes."""
    updates = [each.update for each in taken if isinstance(each, outputs.UpdateReceived)]
    announced = {
        prefix_to_text(nlri, family) for each in updates for family, _, nlris in each.announced for nlri in nlris
    }
    withdrawn = {prefix_to_text(nlri, family) for each in updates for family, nlris in each.withdrawn for nlri in nlris}
    return announced, withdrawn


@pytest.mark.rfc("4271", "6")
@pytest.mark.rfc("7606", "7")
@pytest.mark.parametrize("case", CASES, ids=[f"{case['id']} {case['what']}" for case in CASES])
def test_reaction(case: dict[str, str | None]) -> None:
    session = session_for(case["stage"] or "")
    if case["seed_hex"]:
        session.receive_data(1, bytes.fromhex(case["seed_hex"]), 1.0)
        assert prefixes(drain(session)) == ({case["prefix"]}, set())
    session.receive_data(1, bytes.fromhex(case["hex"] or ""), 2.0)
    taken = drain(session)
    expected = case["expect"] or ""
    reset = re.match(r"reset (\d)/(\d+)", expected)
    if reset:
        answers = [(each.code, each.subcode) for each in notifications(taken)]
        assert answers == [(int(reset[1]), int(reset[2]))]
        assert session.state is State.IDLE
    else:
        assert notifications(taken) == []
        assert session.state is not State.IDLE
    if expected.startswith("TAW"):
        assert prefixes(taken) == (set(), {case["prefix"]})
