"""The configuration of a reflector that stands alone."""

from pathlib import Path

import pytest

from tortie.bgp.engine import AddPathMode, PrefixLimit
from tortie.bgp.policy import ACCEPT_ALL, REJECT_ALL
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Role
from tortie.node.standalone import StandaloneConfig, StandaloneInvalid, client_ranges_config, load_standalone

FULL = """\
listen: {address: 10.10.31.168, port: 1790}
as: 64512
router_id: 10.10.31.1
cluster_id: 1.0.0.1
status_socket: /run/x.sock
peers:
  - {range: 10.0.0.0/8, client: true}
  - {address: 192.0.2.9, as: 64999, port: 1791, hold_time: 30, accept_any_first_as: true, families: [ipv4],
     import: all, export: none, role: route-server-client, strict_role: true, obeys_graceful_shutdown: true,
     extended_messages: false,
     description: route server}
  - {address: "FD00::0001", passive: true}
"""

MINIMAL = "listen: {address: 10.10.31.168}\nas: 64512\n"


def load(text: str) -> StandaloneConfig:
    """Return the configuration of a file."""
    return load_standalone(text, "rr.yaml")


def test_full() -> None:
    config = load(FULL)
    assert (config.listen_address, config.listen_port) == ("10.10.31.168", 1790)
    assert config.status_socket == Path("/run/x.sock")
    speaker = config.speaker
    assert (speaker.local_as, speaker.router_id, speaker.cluster_id) == (64512, 0x0A0A1F01, 0x01000001)
    assert speaker.resolve_next_hops is False
    (dynamic,) = config.ranges
    assert dynamic.prefix == "10.0.0.0/8"
    assert (dynamic.options.peer_as, dynamic.options.is_client, dynamic.options.passive) == (64512, True, True)
    server, internal = config.peers
    assert (server.remote_address, server.remote_port, server.local_address) == ("192.0.2.9", 1791, "10.10.31.168")
    options = server.options
    assert (options.peer_as, options.is_client, options.passive) == (64999, False, False)
    assert (options.hold_time_s, options.accept_any_first_as, options.families) == (30, True, (IPV4_UNICAST,))
    assert options.description == "route server"
    assert (options.import_filter, options.export_filter) == (ACCEPT_ALL, REJECT_ALL)
    assert (options.role, options.is_role_strict) == (Role.ROUTE_SERVER_CLIENT, True)
    assert (options.obeys_graceful_shutdown, options.extended_messages) == (True, False)
    assert (internal.remote_address, internal.local_address) == ("fd00::1", None)
    assert (internal.options.passive, internal.options.families) == (True, (IPV4_UNICAST, IPV6_UNICAST))


@pytest.mark.rfc("4456", "7")
def test_minimal_has_defaults() -> None:
    config = load(MINIMAL)
    assert (config.listen_port, config.peers, config.ranges, config.status_socket) == (179, (), (), None)
    assert config.speaker.router_id == config.speaker.cluster_id == 0x0A0A1FA8


AS_NUMBERS = [("1", 1), ("4294967295", 4294967295), ("'64512'", 64512), ("'1.10'", 65546), ("'0.1'", 1)]


@pytest.mark.rfc("5396", "2")
@pytest.mark.parametrize(("text", "number"), AS_NUMBERS, ids=[row[0] for row in AS_NUMBERS])
def test_as_number(text: str, number: int) -> None:
    assert load(MINIMAL.replace("64512", text)).speaker.local_as == number


@pytest.mark.rfc("7607", "2")
@pytest.mark.parametrize(
    "text",
    ["0", "'0'", "'0.0'", "4294967296", "-1", "1.10", "true", "'1.65536'", "'1.2.3'", "x", "''", f"'{'9' * 9999}'"],
)
def test_as_number_that_is_none(text: str) -> None:
    with pytest.raises(StandaloneInvalid, match=r"^rr.yaml: as: .*: expected an AS number from 1 to 4294967295$"):
        load(MINIMAL.replace("64512", text))


def with_peer(fields: str) -> str:
    """Return a file with one peer."""
    return f"{MINIMAL}peers:\n  - {{{fields}}}\n"


BAD = [
    ("not-yaml", "a: [", "rr.yaml:1: not YAML: "),
    ("empty", "", "rr.yaml: the document: nothing: expected a mapping of fields"),
    ("list", "[]", "rr.yaml: the document: a list: expected a mapping of fields"),
    ("unknown-field", MINIMAL + "foo: 1", "rr.yaml: foo: unknown field (known here: listen, as, router_id"),
    ("no-listen", "as: 1", "rr.yaml: listen: nothing: expected a mapping of fields"),
    ("no-address", "listen: {}\nas: 1", "listen.address: missing, expected an IPv4 or IPv6 address"),
    ("bad-address", "listen: {address: 10.0.0.300}\nas: 1", "listen.address: '10.0.0.300': expected an IPv4 or IPv6"),
    ("address-no-text", "listen: {address: 10}\nas: 1", "listen.address: 10: expected an IPv4 or IPv6 address"),
    ("bad-port", "listen: {address: 10.0.0.1, port: 65536}\nas: 1", "listen.port: 65536: expected a whole number"),
    ("no-as", "listen: {address: 10.0.0.1}", "as: missing, expected an AS number"),
    ("wildcard-needs-router-id", "listen: {address: 0.0.0.0}\nas: 1", "router_id: missing, expected an identifier"),
    ("ipv6-needs-router-id", "listen: {address: '::1'}\nas: 1", "router_id: missing, expected an identifier"),
    ("router-id-zero", MINIMAL + "router_id: 0.0.0.0", "router_id: '0.0.0.0': expected an identifier like"),
    ("cluster-id-number", MINIMAL + "cluster_id: 1", "cluster_id: 1: expected an identifier"),
    ("peers-no-list", MINIMAL + "peers: {}", "peers: a dict: expected a list"),
    ("peer-no-mapping", MINIMAL + "peers: [x]", "peers[0]: 'x': expected a mapping of fields"),
    ("peer-without-address", with_peer("as: 1"), "peers[0]: expected either address or range"),
    ("peer-with-both", with_peer("address: 10.0.0.1, range: 10.0.0.0/8"), "peers[0]: expected either address or range"),
    ("peer-unknown-field", with_peer("address: 10.0.0.1, asn: 1"), "peers[0].asn: unknown field"),
    ("range-host-bits", with_peer("range: 10.0.0.1/8"), "peers[0].range: '10.0.0.1/8': expected a range like"),
    ("range-with-port", with_peer("range: 10.0.0.0/8, port: 179"), "peers[0].port: has no meaning for a range"),
    ("range-with-passive", with_peer("range: 10.0.0.0/8, passive: false"), "peers[0].passive: has no meaning"),
    ("port-zero", with_peer("address: 10.0.0.1, port: 0"), "peers[0].port: 0: expected a whole number from 1"),
    ("passive-no-boolean", with_peer("address: 10.0.0.1, passive: 'no'"), "peers[0].passive: 'no': expected true or"),
    ("hold-time-2", with_peer("address: 10.0.0.1, hold_time: 2"), "peers[0].hold_time: 2: expected 0, or at least 3"),
    ("restart-time-4096", with_peer("address: 10.0.0.1, restart_time: 4096"), "peers[0].restart_time: 4096: expected"),
    ("max-prefixes-negative", with_peer("address: 10.0.0.1, max_prefixes: -1"), "peers[0].max_prefixes: -1: expected"),
    ("max-prefixes-warning-0", with_peer("address: 10.0.0.1, max_prefixes: 1, max_prefixes_warning: 0"),
     "peers[0].max_prefixes_warning: 0: expected a whole number from 1 to 100"),
    ("max-prefixes-restart-alone", with_peer("address: 10.0.0.1, max_prefixes_restart: 60"),
     "peers[0].max_prefixes_restart: has no meaning without max_prefixes"),
    ("add-path-unknown", with_peer("address: 10.0.0.1, add_path: all"),
     "peers[0].add_path: 'all': expected off or receive or send or both"),
    ("add-path-true", with_peer("address: 10.0.0.1, add_path: true"), "peers[0].add_path: True: expected off or"),
    ("add-path-list", with_peer("address: 10.0.0.1, add_path: [send]"), "peers[0].add_path: a list: expected off or"),
    ("external-without-import", with_peer("address: 10.0.0.1, as: 9, export: all"),
     "peers[0].import: missing, expected all or none; for a peer of another AS it must be said"),
    ("external-without-export", with_peer("address: 10.0.0.1, as: 9, import: all"),
     "peers[0].export: missing, expected"),
    ("import-unknown", with_peer("address: 10.0.0.1, import: some"), "peers[0].import: 'some': expected all or none"),
    ("role-unknown", with_peer("address: 10.0.0.1, as: 9, role: boss"),
     "peers[0].role: 'boss': expected provider or route-server or route-server-client or customer or peer"),
    ("long-lived-alone", with_peer("address: 10.0.0.1, restart_time: 0, long_lived_time: 60"),
     "peers[0].long_lived_time: 60: expected 0, since restart_time is 0"),
    ("role-inside", with_peer("address: 10.0.0.1, role: peer"), "peers[0].role: 'peer': expected none for a peer of"),
    ("external-client", with_peer("address: 10.0.0.1, as: 9, client: true, import: all, export: all"),
     "peers[0].client: True: expected false, since its AS 9 is not the reflector's 64512"),
    ("address-zone", with_peer("address: 'fe80::1%eth0'"), "peers[0].address: 'fe80::1%eth0': expected"),
    ("address-multicast", with_peer("address: 224.0.0.1"), "peers[0].address: '224.0.0.1': expected"),
    ("address-own", with_peer("address: 10.10.31.168"), "expected the address of another host"),
    ("address-any", with_peer("address: 0.0.0.0"), "expected the address of another host"),
    ("families-unknown", with_peer("address: 10.0.0.1, families: [vpn]"), "peers[0].families: a list: expected"),
    ("families-empty", with_peer("address: 10.0.0.1, families: []"), "peers[0].families: a list: expected"),
    ("families-twice", with_peer("address: 10.0.0.1, families: [ipv4, ipv4]"), "peers[0].families: a list: expected"),
    ("peer-twice", MINIMAL + "peers: [{address: 10.0.0.1}, {address: 10.0.0.1}]",
     "peers[1].address: '10.0.0.1': expected each address and port once"),
    ("range-twice", MINIMAL + "peers: [{range: 10.0.0.0/8}, {range: 10.0.0.0/8}]",
     "peers[1].range: '10.0.0.0/8': expected each range once"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad(text: str, message: str) -> None:
    with pytest.raises(StandaloneInvalid) as caught:
        load(text)
    assert message in str(caught.value)


@pytest.mark.rfc("4271", "4.2")
@pytest.mark.parametrize("seconds", [0, 3, 65535])
def test_hold_time(seconds: int) -> None:
    assert load(with_peer(f"address: 10.0.0.1, hold_time: {seconds}")).peers[0].options.hold_time_s == seconds


@pytest.mark.rfc("4724", "3")
@pytest.mark.parametrize(("text", "seconds"), [("", 120), (", restart_time: 0", 0), (", restart_time: 4095", 4095)])
def test_restart_time(text: str, seconds: int) -> None:
    assert load(with_peer(f"address: 10.0.0.1{text}")).peers[0].options.restart_time_s == seconds


@pytest.mark.rfc("7911", "4")
@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", AddPathMode.OFF),
        (", add_path: off", AddPathMode.OFF),
        (", add_path: 'off'", AddPathMode.OFF),
        (", add_path: receive", AddPathMode.RECEIVE),
        (", add_path: send", AddPathMode.SEND),
        (", add_path: both", AddPathMode.BOTH),
    ],
)
def test_add_path(text: str, mode: AddPathMode) -> None:
    assert load(with_peer(f"range: 10.0.0.0/8{text}")).ranges[0].options.add_path is mode


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("", None),
        (", max_prefixes: 0", PrefixLimit(prefixes_max=0)),
        (", max_prefixes: 100", PrefixLimit(prefixes_max=100, warning_percent=80, restart_s=900)),
        (
            ", max_prefixes: 100, max_prefixes_warning: 50, max_prefixes_restart: 0",
            PrefixLimit(prefixes_max=100, warning_percent=50, restart_s=0),
        ),
    ],
)
def test_max_prefixes(text: str, limit: PrefixLimit | None) -> None:
    assert load(with_peer(f"address: 10.0.0.1{text}")).peers[0].options.prefix_limit == limit


def test_options_are_the_same_as_a_file() -> None:
    from_options = client_ranges_config(
        listen="10.10.31.168",
        port=1790,
        local_as="64512",
        router_id=None,
        cluster_id="1.0.0.1",
        client_ranges=["10.0.0.0/8", "fd00::/8"],
        max_prefixes=500,
    )
    from_file = load(
        "listen: {address: 10.10.31.168, port: 1790}\nas: 64512\ncluster_id: 1.0.0.1\n"
        "peers:\n  - {range: 10.0.0.0/8, client: true, max_prefixes: 500}\n"
        "  - {range: 'fd00::/8', client: true, max_prefixes: 500}\n"
    )
    assert from_options == from_file


def test_options_that_cannot_be_used_are_named_as_in_a_file() -> None:
    with pytest.raises(StandaloneInvalid, match=r"^cluster_id: 'x': expected an identifier like 192.0.2.1$"):
        client_ranges_config(
            listen="10.10.31.168", port=179, local_as=1, router_id=None, cluster_id="x", client_ranges=[]
        )


PEERS = MINIMAL + "peers:\n"


@pytest.mark.rfc("2385", "2")
@pytest.mark.rfc("5082", "3")
def test_passwords_and_distances() -> None:
    config = load(
        PEERS
        + """\
  - {range: 10.0.0.0/8, password_file: /etc/tortie/clients}
  - {address: 10.1.0.1, password_file: /etc/tortie/one, ttl_security: 255}
  - {address: 192.0.2.9}
"""
    )
    files = {"10.0.0.0/8": Path("/etc/tortie/clients"), "10.1.0.1": Path("/etc/tortie/one")}
    assert config.password_files == files
    one, plain = config.peers
    assert (one.options.has_password, one.options.ttl_security_hops) == (True, 255)
    assert (plain.options.has_password, plain.options.ttl_security_hops) == (False, 0)
    assert config.ranges[0].options.has_password


@pytest.mark.parametrize(
    ("peers", "message"),
    [
        ("  - {address: 192.0.2.9, password_file: secret}", "'secret': expected the absolute path of a file"),
        ("  - {address: 192.0.2.9, password_file: ''}", "'': expected the absolute path of a file"),
        ("  - {address: 192.0.2.9, password_file: 7}", "7: expected text"),
        ("  - {address: 192.0.2.9, ttl_security: 0}", "0: expected a whole number from 1 to 255"),
        ("  - {address: 192.0.2.9, ttl_security: 256}", "256: expected a whole number from 1 to 255"),
        (
            "  - {address: 192.0.2.9, password_file: /a}\n  - {address: 192.0.2.9, port: 1790}",
            "missing, expected that of the other peer with this address",
        ),
        (
            "  - {range: 10.0.0.0/8, password_file: /a}\n  - {address: 10.0.0.1}",
            "address 10.0.0.1: expected a password_file, since it lies in the range 10.0.0.0/8, which has one",
        ),
    ],
)
def test_passwords_and_distances_that_cannot_be(peers: str, message: str) -> None:
    with pytest.raises(StandaloneInvalid, match=message):
        load(PEERS + peers)


def test_the_password_of_client_ranges_is_an_option_too() -> None:
    config = client_ranges_config(
        listen="10.10.31.168", port=179, local_as=64512, router_id=None, cluster_id=None,
        client_ranges=["10.0.0.0/8", "fd00::/8"], password_file=Path("/run/password"),
    )  # fmt: skip
    assert config.password_files == dict.fromkeys(("10.0.0.0/8", "fd00::/8"), Path("/run/password"))
    assert all(each.options.has_password for each in config.ranges)


@pytest.mark.rfc("7911", "4")
@pytest.mark.parametrize("mode", list(AddPathMode))
def test_add_path_of_clients_by_option(mode: AddPathMode) -> None:
    config = client_ranges_config(
        listen="10.10.31.168", port=179, local_as=1, router_id=None, cluster_id=None,
        client_ranges=["10.0.0.0/8", "fd00::/8"], add_path=mode,
    )  # fmt: skip
    assert [each.options.add_path for each in config.ranges] == [mode, mode]
