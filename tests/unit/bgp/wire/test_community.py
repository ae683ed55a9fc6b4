"""Communities as people write and see them."""

import pytest

from tortie.bgp.errors import LocalProtocolError
from tortie.bgp.wire import (
    Communities,
    communities_from_texts,
    community_to_text,
    extended_community_to_text,
    is_transitive,
    large_community_to_text,
)

EXTENDED = [
    (0x0002_FDE9_0000_0064, "rt:65001:100"),
    (0x0003_FDE9_FFFF_FFFF, "soo:65001:4294967295"),
    (0x0102_C000_0201_0007, "rt:192.0.2.1:7"),
    (0x0202_0001_1170_0007, "rt:70000:7"),
    (0x0202_0000_FDE9_0007, "0x02020000fde90007"),  # a small AS number in the wide form
    (0x4002_FDE9_0000_0064, "0x4002fde900000064"),  # stays in its AS
    (0x030B_0000_0000_0064, "0x030b000000000064"),  # a color
    (0xFFFF_FFFF_FFFF_FFFF, "0xffffffffffffffff"),
    (0, "0x0000000000000000"),
]


@pytest.mark.rfc("4360", "3")
@pytest.mark.rfc("4360", "4")
@pytest.mark.rfc("4360", "5")
@pytest.mark.rfc("5668", "2")
@pytest.mark.parametrize(("value", "text"), EXTENDED, ids=[row[1] for row in EXTENDED])
def test_extended(value: int, text: str) -> None:
    assert extended_community_to_text(value) == text
    assert communities_from_texts([text]) == Communities(extended=(value,))


@pytest.mark.rfc("1997", "0")
@pytest.mark.rfc("8092", "4")
def test_standard_and_large() -> None:
    texts = ["64512:100", "4294967295:0:1", "65535:65281", "0:0", "1:2:3", "64512:100", "1:2:3"]
    communities = communities_from_texts(texts)
    assert communities.standard == (64512 << 16 | 100, 0xFFFFFF01, 0)
    assert communities.large == ((4294967295, 0, 1), (1, 2, 3))
    assert [community_to_text(each) for each in communities.standard] == ["64512:100", "65535:65281", "0:0"]
    assert [large_community_to_text(each) for each in communities.large] == ["4294967295:0:1", "1:2:3"]


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "65536:0", "0:65536", "1:2:3:4", "-1:0", "+1:0", " 1:0", "٣:1", "4294967296:0:0", "rt:", "rt:1",
        "rt:a:1",
        "rt:65536:65536", "rt:1.2.3:4", "rt:1.2.3.4.5:6", "rt:1.2.3.256:6", "rt:192.0.2.1:65536", "lb:1:2", "0x", "0x1",
        "0x030b00000000006g", "0x030b0000000000640", "1:", ":1", "99999999999999999999:1",
    ],
)  # fmt: skip
def test_no_community(text: str) -> None:
    with pytest.raises(LocalProtocolError, match="expected such as 64512:100"):
        communities_from_texts([text])


@pytest.mark.rfc("4360", "2")
def test_what_may_leave_its_as() -> None:
    assert is_transitive(0x0002_FDE9_0000_0064)
    assert is_transitive(0x8002_FDE9_0000_0064)  # the I bit says who gives out the type
    assert not is_transitive(0x4002_FDE9_0000_0064)
    assert not is_transitive(0x4300_0000_0000_0000)
