"""What `routes` prints."""

from typing import Any

from tortie.cli.paths import paths_text


def path(**changes: object) -> dict[str, Any]:
    """Return a path as the status socket gives it."""
    plain: dict[str, Any] = {
        "family": "ipv4", "prefix": "192.168.104.0/26", "next_hop": "10.10.31.193", "as_path": "", "origin": "igp",
        "med": None, "local_pref": 100, "communities": [], "extended_communities": [], "large_communities": [],
        "only_to_customer": None,
        "originator_id": "10.10.31.193", "cluster_list": ["1.0.0.1"], "peer": "10.10.31.168",
        "source": "internal", "best": True, "is_equal": False, "reason": None,
    }  # fmt: skip
    return plain | changes


def test_no_paths() -> None:
    assert paths_text([]) == "No paths.\n"


def test_best_and_another() -> None:
    other = path(best=False, reason="longer CLUSTER_LIST", cluster_list=["1.0.0.2", "1.0.0.1"], peer="10.10.31.169")
    assert paths_text([path(), other]) == (
        "PREFIX             NEXT HOP       PEER           AS PATH\n"
        "192.168.104.0/26   10.10.31.193   10.10.31.168   -         best\n"
        "      LOCAL_PREF 100, ORIGINATOR_ID 10.10.31.193, CLUSTER_LIST 1.0.0.1\n"
        "192.168.104.0/26   10.10.31.193   10.10.31.169   -\n"
        "      not used: longer CLUSTER_LIST\n"
        "      LOCAL_PREF 100, ORIGINATOR_ID 10.10.31.193, CLUSTER_LIST 1.0.0.2 1.0.0.1\n"
        "\n"
        "2 paths, 1 of them best\n"
    )


def test_own_path_has_no_next_hop() -> None:
    own = path(next_hop=None, peer="local", local_pref=None, originator_id=None, cluster_list=[])
    assert paths_text([own]).splitlines()[1] == "192.168.104.0/26   self       local   -         best"


def test_long_attributes_fold_within_80_columns() -> None:
    text = paths_text([path(communities=[f"64512:{number}" for number in range(30)], med=5)])
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "64512:29" in text


def test_a_path_beside_the_best() -> None:
    lines = paths_text([path(), path(best=False, is_equal=True, reason="higher router id")]).splitlines()
    assert lines[4] == "      used beside the best one: higher router id"


def test_communities_of_all_kinds() -> None:
    tagged = path(
        originator_id=None,
        cluster_list=[],
        communities=["64512:1", "65535:0"],
        extended_communities=["rt:64512:1"],
        large_communities=["70000:1:2"],
    )
    assert paths_text([tagged]).splitlines()[2:4] == [
        "      LOCAL_PREF 100, COMMUNITIES 64512:1 65535:0, EXTENDED COMMUNITIES",
        "      rt:64512:1, LARGE COMMUNITIES 70000:1:2",
    ]
