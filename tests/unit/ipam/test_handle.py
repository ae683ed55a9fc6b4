"""Handles count addresses by block."""

from tortie.ipam.handle import counted_down, counted_up
from tortie.model import to_stored


def test_counting_up_and_down() -> None:
    handle = counted_up(None, "h", "10.0.0.0/26")
    handle = counted_up(handle, "h", "10.0.0.0/26")
    handle = counted_up(handle, "h", "10.0.0.64/26")
    assert handle.spec.block == {"10.0.0.0/26": 2, "10.0.0.64/26": 1}
    smaller = counted_down(handle, "10.0.0.0/26")
    assert smaller is not None
    assert smaller.spec.block == {"10.0.0.64/26": 1}
    assert counted_down(smaller, "10.0.0.64/26") is None
    assert counted_down(smaller, "10.9.9.0/26") == smaller


def test_calicos_form() -> None:
    key, value = to_stored(counted_up(None, "prod.c1", "10.0.0.0/26"))
    assert key == "/calico/ipam/v2/handle/prod.c1"
    assert b'"block":{"10.0.0.0/26":1}' in value
    assert b'"deleted":false' in value
