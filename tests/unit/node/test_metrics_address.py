"""Where metrics are served, as people type it."""

import pytest

from tortie.node.metrics_address import MetricsAddress, MetricsAddressInvalid, metrics_address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("9179", "127.0.0.1", 9179),
        (":9179", "127.0.0.1", 9179),
        ("0", "127.0.0.1", 0),
        ("192.0.2.1:65535", "192.0.2.1", 65535),
        ("0.0.0.0:9179", "0.0.0.0", 9179),
        ("[2001:DB8::1]:9179", "2001:db8::1", 9179),
        ("[::]:9179", "::", 9179),
    ],
)
def test_good(text: str, host: str, port: int) -> None:
    assert metrics_address(text) == MetricsAddress(host, port)


@pytest.mark.parametrize(
    "text",
    ["", ":", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "localhost:9179", "2001:db8::1:9179", "[::1]", "-1",
     "9179:", "192.0.2.1:9_179", "192.0.2.1:٣", "1" * 100, "300.0.0.1:1"],
)  # fmt: skip
def test_bad(text: str) -> None:
    with pytest.raises(MetricsAddressInvalid, match="expected an IP address and a port"):
        metrics_address(text)
