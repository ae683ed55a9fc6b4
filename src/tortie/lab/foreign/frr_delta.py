"""From one configuration of FRR to another, as the lines that vtysh is typed. Pure.

FRR's own tool for this (frr-reload.py) types one line a process: leaving a mesh of four took it 18 seconds. What
`frr_text.py` writes is regular, so little is to be known here: what is gone is said again with `no`, except for what a
new line replaces in place, and a neighbour that is gone goes as a whole. Prefix lists are named after what stands in
them, so they are made before anybody uses them, removed after, and never changed.

What it is NOT for: any configuration but ours. Structure to know: `Placed`, a line and where it stands.
"""

from typing import Final

__all__ = ["frr_delta"]

Placed = tuple[tuple[str, ...], str]
"""The lines that lead to a line ("router bgp 64512", "address-family ipv4 unicast"), and the line."""

ENDS: Final = ("exit", "exit-address-family")
OPENS: Final = ("router bgp ", "address-family ", "route-map ")
NAMING_WORDS: Final = {"neighbor": 3, "bgp": 2}
"""First word of a line → how many words say what it is about; only a word after them is a value that another replaces.

`network PREFIX`, and whatever else there is, is about all of its words.
"""


def frr_delta(old: str, new: str) -> list[str]:
    """Return what to type in `configure terminal`, from one file to another; [] where they say the same."""
    before, after = _placed(old), _placed(new)
    if _routers(before) != _routers(after):
        gone = [f"no {router}" for router in _routers(before)]
        return [*gone, *_typed([], after, [])]
    removed = [item for item in before if item not in set(after)]
    added = [item for item in after if item not in set(before)]
    return _typed(_withdrawn(removed, added), added, [line for place, line in removed if not place])


def _typed(withdrawn: list[Placed], added: list[Placed], gone_lists: list[str]) -> list[str]:
    """Return new lists, what is taken back, what is new, and last the lists that nobody uses any more."""
    lines = [line for place, line in added if not place]
    for place, line in [*withdrawn, *(item for item in added if item[0])]:
        lines += [*place, line, *("exit" for _ in place)]
    return lines + list(dict.fromkeys(_without_list(line) for line in gone_lists))


def _withdrawn(removed: list[Placed], added: list[Placed]) -> list[Placed]:
    gone_neighbors = {line.split()[1] for _, line in removed if line.split()[2:3] == ["remote-as"]}
    gone_neighbors -= {line.split()[1] for _, line in added if line.split()[2:3] == ["remote-as"]}
    found: dict[Placed, None] = {}
    for place, line in removed:
        words = line.split()
        if not place or any(place == other and _replaces(text.split(), words) for other, text in added):
            continue
        if words[0] == "neighbor" and words[1] in gone_neighbors:
            found[place[:1], f"no neighbor {words[1]}"] = None
        else:
            found[place, f"no {line}"] = None
    return list(found)


def _replaces(new: list[str], old: list[str]) -> bool:
    """Tell whether a line takes the place of another: they differ in one word, and it is a value."""
    if len(new) != len(old):
        return False
    places = [place for place, (one, other) in enumerate(zip(new, old, strict=True)) if one != other]
    return len(places) == 1 and places[0] >= NAMING_WORDS.get(new[0], len(new))


def _placed(text: str) -> list[Placed]:
    place: tuple[str, ...] = ()
    found: list[Placed] = []
    for raw in text.splitlines():
        line = raw.strip()
        if line in ENDS:
            place = place[:-1]
        elif line.startswith(OPENS):
            place = (*place, line)
        elif line and not line.startswith("!"):
            found.append((place, line))
    return found


def _routers(placed: list[Placed]) -> list[str]:
    return list(dict.fromkeys(place[0] for place, _ in placed if place and place[0].startswith("router ")))


def _without_list(line: str) -> str:
    """Return what removes the prefix list of a line: "no ip prefix-list NAME"."""
    return " ".join(["no", *line.split()[:3]])
