"""Records of reflectors at the door: what is let in, and how the rest is refused."""

import pytest

from tortie.web.reflector_record import key_problem, value_problem

V4, V6 = "/calico/bgp/v1/rr_v4/", "/calico/bgp/v1/rr_v6/"
KEY = V4 + "10.10.31.168"


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (V4 + "10.10.31.168", None),
        (V6 + "fd00::168", None),
        (V4 + "node1", f"key {V4}node1: 'node1': expected an IPv4 address"),
        (V4 + "10.10.31", f"key {V4}10.10.31: '10.10.31': expected an IPv4 address"),
        (V6 + "x", f"key {V6}x: 'x': expected an IPv6 address"),
        (
            V4 + "fd00::168",
            f"key {V4}fd00::168: 'fd00::168': expected an IPv4 address (this address belongs under {V6}fd00::168)",
        ),
        (
            V6 + "10.0.0.1",
            f"key {V6}10.0.0.1: '10.0.0.1': expected an IPv6 address (this address belongs under {V4}10.0.0.1)",
        ),
        (V6 + "FD00:0::168", f"key {V6}FD00:0::168: 'FD00:0::168': expected the address as fd00::168"),
    ],
)
def test_keys(key: str, problem: str | None) -> None:
    assert key_problem(key) == problem


@pytest.mark.parametrize(
    "value",
    [
        '{"ip":"10.10.31.168","cluster_id":"1.0.0.1"}',
        '{"cluster_id": "255.255.255.255", "ip": "10.10.31.168"}',
        '{"ip":"10.10.31.168","cluster_id":""}',
        '{"ip":"10.10.31.168"}',
    ],
)
@pytest.mark.rfc("4456", "8")
def test_good_records(value: str) -> None:
    assert value_problem(KEY, value) is None


def test_an_ipv6_address_may_be_written_in_any_way() -> None:
    assert value_problem(V6 + "fd00::168", '{"ip":"FD00:0:0::168","cluster_id":"1.0.0.1"}') is None


IP = "(the address in the key)"
EXAMPLE = 'a record such as {"ip":"10.10.31.168","cluster_id":"1.0.0.1"}'


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("", f"value '': not JSON, expected {EXAMPLE}", id="empty"),
        pytest.param("1.0.0.1", f"value '1.0.0.1': not JSON, expected {EXAMPLE}", id="not JSON"),
        pytest.param('{"ip":', f"value '{{\"ip\":': not JSON, expected {EXAMPLE}", id="cut off"),
        pytest.param("[" * 100_000, "not JSON", id="nested without end"),
        pytest.param("[]", f"value '[]': expected {EXAMPLE}", id="list"),
        pytest.param('"x"', f"value '\"x\"': expected {EXAMPLE}", id="text"),
        pytest.param(
            '{"ip":"10.10.31.168","clusterid":"1.0.0.1"}',
            "value: field 'clusterid': not known, expected ip and cluster_id",
            id="unknown field",
        ),
        pytest.param(
            '{"cluster_id":"1.0.0.1"}', f"value: field ip: missing, expected 10.10.31.168 {IP}", id="no address"
        ),
        pytest.param(
            '{"ip":"10.10.31.169","cluster_id":"1.0.0.1"}',
            f"value: field ip: '10.10.31.169': expected 10.10.31.168 {IP}",
            id="another address",
        ),
        pytest.param(
            '{"ip":"ten","cluster_id":"1.0.0.1"}',
            f"value: field ip: 'ten': expected 10.10.31.168 {IP}",
            id="no address",
        ),
        pytest.param('{"ip":168}', f"value: field ip: 168: expected 10.10.31.168 {IP}", id="number as address"),
        pytest.param(
            '{"ip":"10.10.31.168","cluster_id":"one"}',
            "value: field cluster_id: 'one': expected a cluster id in IPv4 notation, such as 1.0.0.1",
            id="cluster id is a word",
        ),
        pytest.param(
            '{"ip":"10.10.31.168","cluster_id":"1.0.0"}',
            "value: field cluster_id: '1.0.0': expected a cluster id in IPv4 notation, such as 1.0.0.1",
            id="cluster id too short",
        ),
        pytest.param(
            '{"ip":"10.10.31.168","cluster_id":"fd00::1"}',
            "value: field cluster_id: 'fd00::1': expected a cluster id in IPv4 notation, such as 1.0.0.1",
            id="cluster id IPv6",
        ),
        pytest.param(
            '{"ip":"10.10.31.168","cluster_id":{}}',
            "value: field cluster_id: {}: expected text",
            id="cluster id object",
        ),
        pytest.param(
            '{"ip":"10.10.31.168","cluster_id":"0.0.0.0"}', "value: field cluster_id: '0.0.0.0': expected", id="zero"
        ),
        pytest.param(
            '{"ip":"10.10.31.168","cluster_id":null}',
            "value: field cluster_id: null: expected text",
            id="cluster id null",
        ),
    ],
)
@pytest.mark.rfc("4456", "8")
def test_bad_records(value: str, problem: str) -> None:
    found = value_problem(KEY, value)
    assert found is not None
    assert problem in found
    assert len(found) < 300
