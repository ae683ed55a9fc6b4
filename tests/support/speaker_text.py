"""Intents whose text as a foreign speaker's configuration is kept and judged, and the golden files of that text.

What it is NOT for: rendering. To know first: `intents`, name → intent; `check_golden` writes the file anew where
UPDATE_GOLDEN is set.
"""

import os
from dataclasses import replace
from pathlib import Path

from support.fabric import SEED_REFLECTOR, able_fabric, block, configuration, endpoint, peer, pool, reflector
from support.fabric import node as node_resource
from tortie.fabric import NodeIntent, SecretReference, SessionIntent, node_intent, reflector_intent

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "speakers"
CI = "CI"

SECRET = SecretReference("bgp-secrets", "rr")


def intents() -> dict[str, NodeIntent]:
    """A node in a mesh and with a reflector, both families; the reflector; and sessions with every option there is."""
    whole = able_fabric(
        node_resource("kube-node1", "10.10.31.193", "fd00:10::193"),
        node_resource("kube-node2", "10.10.31.194", "fd00:10::194"),
        configuration(ignoredInterfaces=["docker*"]),
        pool("v4", "192.168.0.0/16"),
        pool("v6", "fd00:192::/64"),
        block("kube-node1", "192.168.1.0/26"),
        block("kube-node1", "fd00:192::/122"),
        endpoint("web", "kube-node1", "192.168.1.5", interface="cali0001"),
        endpoint("db", "kube-node1", "192.168.2.9", interface="cali0002"),
        reflector(SEED_REFLECTOR, "1.0.0.1"),
        peer("rr", SEED_REFLECTOR),
    )
    node = node_intent(whole, "kube-node1")
    return {
        "node": node,
        "reflector": reflector_intent(whole, SEED_REFLECTOR),
        "options": replace(node, sessions=_sessions(node), log_level="Debug", bind_mode="None", listen_port=1790),
    }


def _sessions(node: NodeIntent) -> tuple[SessionIntent, ...]:
    plain = replace(
        node.sessions[0], import_filter=node.sessions[0].export_filter, roles=("node",), description='a "b"'
    )
    return (
        replace(plain, remote_address="192.0.2.1", passive=True, next_hop_mode="keep", port=1179),
        replace(plain, remote_address="192.0.2.2", peer_as=64999, ttl_security_hops=2, keepalive_time_s=10),
        replace(plain, remote_address="192.0.2.3", local_as=65001, peer_as=64999, allowed_local_as_count=2),
        replace(plain, remote_address="192.0.2.4", password=SECRET, local_address=None, next_hop_mode="auto"),
        replace(plain, remote_address="192.0.2.5", is_client=True, restart_time_s=30, add_path="both"),
        replace(plain, remote_address="192.0.2.6", families=("ipv4", "ipv6"), add_path="send"),
    )


def check_golden(name: str, text: str) -> None:
    """Assert that a text is the one that is kept, or keep it."""
    file = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
