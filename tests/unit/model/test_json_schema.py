"""JSON Schema: every kind has one, and it says what the model allows."""

from typing import Any

import pytest

from tortie.model import KINDS
from tortie.model.json_schema import json_schema


def properties(kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json_schema(KINDS[kind])["$defs"][name]["properties"]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_one_with_all_its_fields(kind: str) -> None:
    schema = json_schema(KINDS[kind])
    fields = {info.alias or name for name, info in KINDS[kind].model.model_fields.items()}
    assert set(schema["properties"]) == fields
    assert schema["additionalProperties"] is False
    assert {"apiVersion", "kind", "metadata"} <= set(schema["required"])


def test_ranges_words_and_counts() -> None:
    rule = properties("BGPFilter", "FilterRuleV4")
    assert {"type": "integer", "minimum": 1, "maximum": 2147483646} in rule["priority"]["anyOf"]
    (operations,) = [form for form in rule["operations"]["anyOf"] if form["type"] == "array"]
    assert (operations["minItems"], operations["maxItems"]) == (1, 10)
    peer = properties("BGPPeer", "BGPPeerSpec")
    assert {"type": "integer", "minimum": 1, "maximum": 4294967295} in peer["asNumber"]["anyOf"]
    assert json_schema(KINDS["BGPPeer"])["$defs"]["NextHopMode"]["enum"] == ["Auto", "Self", "Keep"]
