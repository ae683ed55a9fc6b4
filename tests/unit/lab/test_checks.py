"""What commands print, read for the walk's checks."""

import pytest

from tortie.lab.checks import (
    TCPConnection,
    attributes_text,
    block_of,
    count_established,
    find_best,
    find_paths,
    gateway_of,
    kernel_ways,
    mesh_session_count,
    parse_json,
    parse_ss,
    problems_text,
    reflected_sessions,
    side_by_side,
)
from tortie.lab.status import HostStatus, LabStatus, SessionStatus

SS = """State Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
ESTAB 0      0       10.10.31.168:179  10.10.31.196:55967
ESTAB 0      0       10.10.31.168:56393  10.10.31.193:179
SYN-SENT 0   1       [fd00::1]:40000     [fd00::2]:179
"""


def test_ss_lines_become_connections() -> None:
    assert parse_ss(SS) == [
        TCPConnection("ESTAB", ("10.10.31.168", 179), ("10.10.31.196", 55967)),
        TCPConnection("ESTAB", ("10.10.31.168", 56393), ("10.10.31.193", 179)),
        TCPConnection("SYN-SENT", ("fd00::1", 40000), ("fd00::2", 179)),
    ]


@pytest.mark.parametrize("text", ["", "x", "a b c d e", "ESTAB 0 0 10.0.0.1 10.0.0.2:179"])
def test_other_lines_are_left_out(text: str) -> None:
    assert parse_ss(text) == []


@pytest.mark.parametrize(("nodes", "sessions"), [(0, 0), (1, 0), (2, 1), (4, 6), (100, 4950)])
def test_sessions_of_a_mesh(nodes: int, sessions: int) -> None:
    assert mesh_session_count(nodes) == sessions


def test_blocks() -> None:
    assert block_of("192.168.95.193/32", 26) == "192.168.95.192/26"
    assert block_of("fd00::5/128", 122) == "fd00::/122"


def test_json_or_none() -> None:
    assert parse_json('{"a": 1}') == {"a": 1}
    assert parse_json("curl: (7) refused") is None


def test_the_best_path_of_a_prefix() -> None:
    paths = [
        {"prefix": "10.0.0.0/26", "best": False, "n": 1},
        {"prefix": "10.0.0.0/26", "best": True, "n": 2},
        {"prefix": "10.0.0.64/26", "best": True, "n": 3},
    ]
    assert find_best(paths, "10.0.0.0/26") == paths[1]
    assert find_best(paths, "10.9.0.0/26") is None
    assert find_best(None, "10.0.0.0/26") is None
    assert find_best([7], "10.0.0.0/26") is None
    assert find_paths(paths, "10.0.0.0/26") == paths[:2]
    assert find_paths(None, "10.0.0.0/26") == []


@pytest.mark.parametrize(
    ("text", "gateway"),
    [
        pytest.param("192.168.1.1 via 10.1.0.1 dev eth0 src 10.1.0.21 uid 0\n    cache\n", "10.1.0.1", id="a hop"),
        pytest.param("192.168.1.1 dev cali0 src 10.1.0.21 uid 0", None, id="on a link"),
        pytest.param("unreachable 192.168.1.1 via", None, id="cut off"),
        pytest.param("", None, id="no word"),
    ],
)
def test_gateways(text: str, gateway: str | None) -> None:
    assert gateway_of(text) == gateway


def host(name: str, *states: str) -> HostStatus:
    sessions = tuple(
        SessionStatus(
            remote_address="10.0.0.9",
            local_address="10.0.0.1",
            state=state,
            age_s=1.0,
            peer_as=64512,
            is_client=False,
            roles=("mesh",),
        )
        for state in states
    )
    return HostStatus(
        name=name,
        role="node",
        agent="tortie",
        addresses=(),
        processes=(),
        sessions=sessions if states else None,
        problem="",
        quarantine=(),
    )


def test_ways_in_a_kernel() -> None:
    text = """\
192.168.30.64/26 nhid 24 via 10.10.31.11 dev eth0 proto bgp metric 20
192.168.157.0 dev cali5d5f5b3c663 proto 77 scope link
blackhole 192.168.157.0/26 proto bird metric 32
192.168.162.0/26 dev eth0 proto static

"""
    assert kernel_ways(text) == {"192.168.30.64/26": "10.10.31.11", "192.168.157.0/26": None, "192.168.162.0/26": ""}


def test_established_ends_of_the_named_hosts_are_counted() -> None:
    hosts = [
        host("a", "Established", "ESTABLISHED", "OpenSent"),
        host("b", "established"),
        host("c"),
        host("d", "Idle"),
    ]
    assert count_established(hosts, ["a", "c", "d"]) == 2
    assert count_established(hosts, ["a", "b"]) == 3


def status(*hosts: HostStatus) -> LabStatus:
    return LabStatus(
        name="x", folder="/x", holder_pid=1, has_user_namespace=False, hosts=hosts, containers=(), remarks=()
    )


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        pytest.param(("Established", "Established"), (2, 2), id="all"),
        pytest.param(("Established", "Connect"), (1, 2), id="one waits"),
        pytest.param(("Established",), (1, 2), id="one is missing"),
        pytest.param((), (0, 2), id="no agent answers"),
    ],
)
def test_each_node_has_one_session_with_the_reflector(states: tuple[str, ...], expected: tuple[int, int]) -> None:
    hosts = [host(name, *states[index : index + 1]) for index, name in enumerate(("a", "b"))]
    assert reflected_sessions(status(*hosts), ["a", "b"], ["10.0.0.9"]) == expected


def test_a_session_with_anybody_else_is_one_too_many() -> None:
    found = status(host("a", "Established", "Established"))
    assert reflected_sessions(found, ["a"], ["10.0.0.1"]) == (0, 2)


def test_a_reflector_with_two_addresses_has_two_sessions_a_node() -> None:
    found = status(host("a", "Established"), host("b", "Established"))
    assert reflected_sessions(found, ["a", "b"], ["10.0.0.9", "fd00::9"]) == (2, 4)


def test_missing_sessions_are_explained_by_what_hosts_say() -> None:
    assert problems_text(status(host("a", "Established", "Connect"))) == "a with 10.0.0.9: Connect"
    assert problems_text(status(host("a"))) == "no agent says why"


def test_attributes_and_the_table_read_well() -> None:
    path = {"next_hop": "10.0.0.2", "originator_id": None, "cluster_list": ["1.0.0.1", "1.0.0.2"]}
    assert attributes_text(path) == "next hop 10.0.0.2, ORIGINATOR_ID None, CLUSTER_LIST 1.0.0.1 1.0.0.2"
    assert side_by_side({"n1": (3, 1), "rr": (0, 4)}, 6, 4).splitlines() == [
        "                full mesh  route reflection",
        "sessions                6                 4",
        "  at n1                 3                 1",
        "  at rr                 0                 4",
        "with 100 nodes       4950               100",
    ]
