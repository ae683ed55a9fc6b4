"""From one configuration of FRR to another: what is typed. (That FRR obeys: tests/lab/test_lab_mixed.py.)"""

import pytest

from support.speaker_text import intents
from tortie.lab.foreign.frr_delta import frr_delta
from tortie.lab.foreign.frr_text import render_frr

OLD = """\
! a comment
log stdout
ip prefix-list one seq 5 permit any
ip prefix-list two seq 5 permit 10.0.0.0/8 le 32
ip prefix-list two seq 10 deny any
router bgp 64512
 bgp cluster-id 1.0.0.1
 neighbor 10.0.0.1 remote-as 64512
 neighbor 10.0.0.1 timers connect 5
 neighbor 10.0.0.2 remote-as 64512
 neighbor 10.0.0.2 passive
 !
 address-family ipv4 unicast
  network 10.1.0.0/26
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 prefix-list one in
  neighbor 10.0.0.2 activate
  neighbor 10.0.0.2 prefix-list two out
 exit-address-family
exit
"""
ROUTER = "router bgp 64512"
FAMILY = (ROUTER, "address-family ipv4 unicast")


def changed(*pairs: tuple[str, str]) -> list[str]:
    new = OLD
    for old, text in pairs:
        assert old in new
        new = new.replace(old, text)
    return frr_delta(OLD, new)


@pytest.mark.parametrize(
    ("pairs", "typed"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([("  network 10.1.0.0/26", "  network 10.2.0.0/26")],
                     [*FAMILY, "no network 10.1.0.0/26", "exit", "exit",
                      *FAMILY, "network 10.2.0.0/26", "exit", "exit"],
                     id="another network takes nobody's place"),
        pytest.param([(" bgp cluster-id 1.0.0.1", " bgp cluster-id 1.0.0.2")],
                     [ROUTER, "bgp cluster-id 1.0.0.2", "exit"], id="replaced in place"),
        pytest.param([(" neighbor 10.0.0.2 passive\n", "")],
                     [ROUTER, "no neighbor 10.0.0.2 passive", "exit"], id="an option"),
        pytest.param([("ip prefix-list one seq 5 permit any", "ip prefix-list new seq 5 deny any"),
                      ("prefix-list one in", "prefix-list new in")],
                     ["ip prefix-list new seq 5 deny any", *FAMILY, "neighbor 10.0.0.1 prefix-list new in", "exit",
                      "exit", "no ip prefix-list one"],
                     id="a list is there before it is used, and goes after"),
        pytest.param([(" neighbor 10.0.0.2 remote-as 64512\n neighbor 10.0.0.2 passive\n", ""),
                      ("  neighbor 10.0.0.2 activate\n  neighbor 10.0.0.2 prefix-list two out\n", ""),
                      ("ip prefix-list two seq 5 permit 10.0.0.0/8 le 32\nip prefix-list two seq 10 deny any\n", "")],
                     [ROUTER, "no neighbor 10.0.0.2", "exit", "no ip prefix-list two"],
                     id="a neighbour goes as a whole, its list once"),
    ],
)  # fmt: skip
def test_what_is_typed(pairs: list[tuple[str, str]], typed: list[str]) -> None:
    assert changed(*pairs) == typed


def test_another_as_number_is_another_router() -> None:
    typed = changed(("router bgp 64512", "router bgp 65000"))
    assert typed[0] == "no router bgp 64512"
    assert typed[1:4] == [
        "log stdout",
        "ip prefix-list one seq 5 permit any",
        "ip prefix-list two seq 5 permit 10.0.0.0/8 le 32",
    ]
    assert typed.count("router bgp 65000") == 10
    assert "neighbor 10.0.0.2 passive" in typed


Lines = set[tuple[tuple[str, ...], str]]
SINGLE = ("bgp cluster-id", "bgp router-id", "timers", "update-source", " port ", "remote-as")
"""What a router or neighbour has one of: another takes its place."""


def typed_into(lines: Lines, typed: list[str]) -> Lines:
    """Return the lines that a router has after some were typed: what FRR does, as far as it is used here."""
    place: tuple[str, ...] = ()
    for line in typed:
        words = line.split()
        if line in ("exit", "exit-address-family"):
            place = place[:-1]
        elif words[0] in ("router", "address-family", "route-map"):
            place = (*place, line)
        elif words[:2] == ["no", "neighbor"] and len(words) == 3:
            lines = {item for item in lines if item[1].split()[:2] != words[1:]}
        elif words[0] == "no" and words[2] == "prefix-list":
            lines = {item for item in lines if item[1].split()[:3] != words[1:]}
        elif (place, line.removeprefix("no ")) in lines:
            lines = lines - {(place, line.removeprefix("no "))}
        else:
            lines = {item for item in lines if item[0] != place or not is_taken(item[1], line)} | {(place, line)}
    return lines


def is_taken(old: str, new: str) -> bool:
    """Tell whether FRR has the new line instead of the old one."""
    one, other = old.split(), new.split()
    is_list = one[2:3] == other[2:3] == ["prefix-list"] and one[-1] == other[-1]
    is_single = any(word in old and word in new for word in SINGLE)
    return one[:2] == other[:2] and (is_list or is_single) if one[0] == "neighbor" else is_single


@pytest.mark.parametrize(("old", "new"), [("node", "options"), ("options", "node"), ("node", "reflector")])
def test_what_is_typed_makes_the_one_of_the_other(old: str, new: str) -> None:
    before, after = (render_frr(intents()[name]) for name in (old, new))
    typed = frr_delta(before, after)
    assert typed
    assert typed_into(typed_into(set(), before_lines(before)), typed) == typed_into(set(), before_lines(after))


def before_lines(text: str) -> list[str]:
    """Return a file's lines as if they were typed, comments left out."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("!")]
