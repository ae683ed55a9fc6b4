"""The seed's cluster after its last command, as whole intents: tests/golden/fabric/seed_reflection.json.

To make the file anew: ``PYTHONPATH=src:tests python tests/unit/fabric/test_golden.py``; then look at the difference.
"""

import json
from pathlib import Path

from support.fabric import SEED_REFLECTOR, block, endpoint, fabric, node, pool, seed_reflection
from tortie.fabric import NodeIntent, node_intent, reflector_intent

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "fabric" / "seed_reflection.json"


def intents() -> dict[str, NodeIntent]:
    """A node with containers, one of them at a borrowed address, and the reflector; a stale host beside them."""
    whole = fabric(
        *seed_reflection(),
        pool("default-ipv4-ippool", "192.168.0.0/16", natOutgoing=True),
        block("kube-node1", "192.168.1.0/26"),
        endpoint("web", "kube-node1", "192.168.1.5", interface="cali0001"),
        endpoint("db", "kube-node1", "192.168.2.9", interface="cali0002"),
        node("stale", SEED_REFLECTOR, created="2018-02-01T00:00:00Z"),
    )
    return {
        "kube-node1": node_intent(whole, "kube-node1"),
        SEED_REFLECTOR: reflector_intent(whole, SEED_REFLECTOR),
    }


def test_the_seeds_intents() -> None:
    stored = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert {name: intent.to_dict() for name, intent in intents().items()} == stored


def test_the_stored_intents_can_be_read() -> None:
    stored = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert {name: NodeIntent.from_dict(content) for name, content in stored.items()} == intents()


def write() -> None:
    """Write the file."""
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    content = {name: intent.to_dict() for name, intent in intents().items()}
    GOLDEN.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
