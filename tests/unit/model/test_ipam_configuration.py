"""IPAMConfiguration: its rules, and the form in which address managers keep it."""

import json
from typing import Any

import pytest

from tortie.model import IPAMConfiguration, ResourceInvalid, from_stored, to_stored

KEY = "/calico/ipam/v2/config"


def make(spec: dict[str, Any], name: str = "default") -> IPAMConfiguration:
    return IPAMConfiguration.from_data({"metadata": {"name": name}, "spec": spec})


def test_defaults() -> None:
    spec = make({}).spec
    assert (spec.strict_affinity, spec.auto_allocate_blocks, spec.max_blocks_per_host) == (False, True, 0)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"autoAllocateBlocks": False}, "spec.autoAllocateBlocks: false: expected true where strictAffinity is false"),
        ({"maxBlocksPerHost": 1}, "spec.maxBlocksPerHost: 1: expected 0 where strictAffinity is false"),
        ({"strictAffinity": True, "maxBlocksPerHost": 1000001}, "expected a whole number from 0 to 1000000"),
        ({"strictAffinity": True, "maxBlocksPerHost": -1}, "expected a whole number from 0 to 1000000"),
        ({"ipCooldownSeconds": 1201}, "spec.ipCooldownSeconds: 1201: expected a whole number from 0 to 1200"),
        ({"kubeVirtVMAddressPersistence": "on"}, "expected one of Enabled, Disabled"),
        ({"strict_affinity": True}, "did you mean 'strictAffinity'?"),
    ],
)
def test_rules(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ResourceInvalid) as caught:
        make(spec)
    assert message in str(caught.value)


def test_limits_themselves_are_in() -> None:
    spec = make({"strictAffinity": True, "maxBlocksPerHost": 1000000, "ipCooldownSeconds": 1200}).spec
    assert (spec.max_blocks_per_host, spec.ip_cooldown_seconds) == (1000000, 1200)


def test_there_is_one() -> None:
    with pytest.raises(ResourceInvalid, match=r"metadata.name: 'mine': expected default"):
        make({}, "mine")


def test_it_is_kept_as_address_managers_read_it() -> None:
    key, value = to_stored(make({"strictAffinity": True, "maxBlocksPerHost": 4, "ipCooldownSeconds": 5}))
    assert key == KEY
    assert json.loads(value) == {
        "strict_affinity": True,
        "auto_allocate_blocks": True,
        "maxBlocksPerHost": 4,
        "ipCooldownSeconds": 5,
    }


@pytest.mark.parametrize(
    ("value", "strict", "auto"),
    [
        ("{}", False, True),
        ('{"auto_allocate_blocks": true}', False, True),
        ('{"strict_affinity": true}', True, False),
        ('{"strict_affinity": true, "auto_allocate_blocks": true}', True, True),
    ],
)
def test_what_they_leave_out_is_false(value: str, strict: bool, auto: bool) -> None:
    resource = from_stored(KEY, value.encode())
    assert isinstance(resource, IPAMConfiguration)
    assert (resource.spec.strict_affinity, resource.spec.auto_allocate_blocks) == (strict, auto)


def test_fields_of_a_newer_program_are_carried() -> None:
    value = b'{"strict_affinity":true,"auto_allocate_blocks":true,"maxBlocksPerHost":0,"newer":1}'
    assert json.loads(to_stored(from_stored(KEY, value))[1])["newer"] == 1
