"""Passwords and distances on real sockets of the loopback: what the kernel lets through, and what never.

Linux is the authority here, nothing of it is imitated. What must never come up is shown by what can be seen instead:
the dial that had no answer, the connection that ended without a word.
"""

import asyncio
import socket

import pytest

from support.speakers import LEFT, RIGHT, THIRD, Node, nodes, options, peer, run, until
from tortie.bgp.engine import PeerConfig, PeerDown, PeerKey, PeerUp, RangeConfig
from tortie.bgp.session import Session
from tortie.bgp.wire import IPV4_UNICAST, IPV6_UNICAST, Family, MessageType
from tortie.speaker import ConnectionRefused, Password
from tortie.speaker.protection import (
    IP_MINTTL,
    PASSWORD_BYTES_MAX,
    password_of,
    place_of,
    set_password,
    set_ttl_security,
)

FIRST, SECOND = Password(b"first secret"), Password(b"second secret")
ENDS = pytest.mark.parametrize(("left_end", "right_end"), [(LEFT, RIGHT), ("::1", "::1")], ids=["ipv4", "ipv6"])
NO_ANSWER = "no answer to the dial; check the password at both ends"


def listening_end(node: Node, own: str, other: str, password: Password | None, **changes: object) -> int:
    """Listen, and wait for the other end to dial."""
    port = node.speaker.listen(own, 0)
    configure_listening_end(node, own, other, password, **changes)
    return port


def configure_listening_end(node: Node, own: str, other: str, password: Password | None, **changes: object) -> None:
    fixed = {"passive": True, "has_password": password is not None, "families": families_of(own)}
    changes = {**fixed, **changes}
    node.configure(peer(own, other, 1, **changes), passwords={} if password is None else {other: password})


def dialling_end(
    node: Node, own: str, other: str, port: int, password: Password | None, **changes: object
) -> PeerConfig:
    changes = {"has_password": password is not None, "families": families_of(own), **changes}
    config = peer(own, other, port, **changes)
    node.configure(config, passwords={} if password is None else {other: password})
    return config


def count_lost(node: Node) -> int:
    """How often a connection of a node was ended by the far end."""
    return sum("lost" in text for _, text in session(node).events)


def announce(node: Node, own: str, number: int) -> str:
    """Have a node announce a prefix of its end's family, and return it."""
    prefix, next_hop = f"10.{number}.0.0/16", None
    if ":" in own:
        prefix, next_hop = (
            f"2001:db8:{number}::/48",
            f"2001:db8::{number}",
        )  # both ends have ::1, which is nobody's next hop
    node.engine.originate(prefix, node.speaker.now, next_hop=next_hop)
    node.speaker.wake()
    return prefix


def families_of(address: str) -> tuple[Family, ...]:
    return (IPV6_UNICAST if ":" in address else IPV4_UNICAST,)


def session(node: Node) -> Session:
    (only,) = node.engine.peers.values()
    return only.session


def times_up(node: Node) -> int:
    return sum(isinstance(event, PeerUp) for event in node.events)


# ---------------------------------------------------------------- passwords


@pytest.mark.rfc("2385", "2")
@ENDS
def test_both_ends_with_the_same_password(left_end: str, right_end: str) -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = listening_end(left, left_end, right_end, FIRST)
            dialling_end(right, right_end, left_end, port, FIRST)
            prefix = announce(right, right_end, 2)
            await until(lambda: prefix in left.routes())

    run(test())


@pytest.mark.rfc("2385", "2")
@pytest.mark.parametrize(
    ("at_listener", "at_dialler"), [(FIRST, SECOND), (FIRST, None), (None, FIRST)], ids=["other", "none", "not wanted"]
)
@ENDS
def test_no_session_before_both_have_the_same_password(
    left_end: str, right_end: str, at_listener: Password | None, at_dialler: Password | None
) -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = listening_end(left, left_end, right_end, at_listener)
            dialling_end(right, right_end, left_end, port, at_dialler)
            expected = NO_ANSWER if at_dialler else "no answer to the dial"
            await until(lambda: session(right).last_error == expected)
            assert session(left).counters.established_count == 0
            configure_listening_end(left, left_end, right_end, FIRST)
            dialling_end(right, right_end, left_end, port, FIRST)
            await until(lambda: left.saw(PeerUp) and right.saw(PeerUp))

    run(test())


@pytest.mark.rfc("2385", "4.2")
@ENDS
def test_another_password_takes_its_place_without_a_reset(left_end: str, right_end: str) -> None:
    """Between the two changes the kernels drop what comes with the other password, and TCP sends it again."""

    async def test() -> None:
        async with nodes(2) as (left, right):
            port = listening_end(left, left_end, right_end, FIRST)
            dialling_end(right, right_end, left_end, port, FIRST)
            await until(lambda: left.saw(PeerUp) and right.saw(PeerUp))
            former = [number for each in left.engine.peers.values() for number in each.connections]
            configure_listening_end(left, left_end, right_end, SECOND)
            from_left = announce(left, left_end, 1)  # sent with the second password, dropped and sent again
            dialling_end(right, right_end, left_end, port, SECOND)
            from_right = announce(right, right_end, 2)
            await until(lambda: from_left in right.routes() and from_right in left.routes())
            assert [number for each in left.engine.peers.values() for number in each.connections] == former
            assert (times_up(left), times_up(right)) == (1, 1)
            assert not left.saw(PeerDown)
            assert not right.saw(PeerDown)
            with socket.socket(socket.AF_INET6 if ":" in left_end else socket.AF_INET) as late:
                late.settimeout(0.2)
                set_password(late, left_end, FIRST)
                late.bind((right_end, 0))
                with pytest.raises(TimeoutError):  # the first password opens nothing any more
                    late.connect((left_end, port))

    run(test())


def test_a_password_that_is_new_or_gone_needs_a_new_session() -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = listening_end(left, LEFT, RIGHT, None)
            dialling_end(right, RIGHT, LEFT, port, None)
            await until(lambda: left.saw(PeerUp) and right.saw(PeerUp))
            configure_listening_end(left, LEFT, RIGHT, FIRST)
            await until(lambda: left.saw(PeerDown))
            dialling_end(right, RIGHT, LEFT, port, FIRST)
            await until(lambda: (times_up(left), times_up(right)) == (2, 2))
            configure_listening_end(left, LEFT, RIGHT, None)
            await until(lambda: left.saw(PeerDown, 2))
            dialling_end(right, RIGHT, LEFT, port, None)
            await until(lambda: (times_up(left), times_up(right)) == (3, 3))

    run(test())


def test_a_peer_that_is_to_have_a_password_and_has_none_is_neither_dialled_nor_taken() -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = left.speaker.listen(LEFT, 0)
            left.configure(peer(LEFT, RIGHT, 1, passive=True, has_password=True))
            right.configure(peer(RIGHT, LEFT, port))
            await until(lambda: count_lost(right) >= 3)
            refused = [event for event in left.events if isinstance(event, ConnectionRefused)]
            reason = "there is no password for this peer, and no session without one"
            assert refused == [ConnectionRefused(RIGHT, reason)], "said once, however often it tries"
            right.configure(peer(RIGHT, LEFT, port, has_password=True))
            expected = "cannot connect: there is no password for this peer, and no session without one"
            await until(lambda: session(right).last_error == expected)
            assert session(left).counters.established_count == 0

    run(test())


def test_who_has_connected_before_the_password_was_set_is_not_taken() -> None:
    async def test() -> None:
        async with nodes(1) as (left,):
            port = listening_end(left, LEFT, RIGHT, None)
            with socket.socket() as early, socket.socket() as other:
                early.bind((RIGHT, 0))
                early.connect((LEFT, port))  # by the kernel: we have not accepted it yet
                other.bind((THIRD, 0))
                other.connect((LEFT, port))
                configure_listening_end(left, LEFT, RIGHT, FIRST)
                early.setblocking(False)
                await until(lambda: is_over(early))
                assert session(left).counters.established_count == 0
                other.setblocking(False)
                heard = await asyncio.get_running_loop().sock_recv(other, 19)
                assert heard[18] == MessageType.NOTIFICATION, "whoever else waited is heard: it is nobody's peer"

    run(test())


def is_over(sock: socket.socket) -> bool:
    """Whether the far end has closed without a word."""
    try:
        return sock.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_a_connection_under_way_is_dialled_again_with_the_new_password() -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = listening_end(left, LEFT, RIGHT, SECOND)
            dialling_end(right, RIGHT, LEFT, port, FIRST, connect_retry_s=0.05)
            await until(lambda: any("CONNECT" in text for _, text in session(right).events))
            dialling_end(right, RIGHT, LEFT, port, SECOND, connect_retry_s=0.05)
            await until(lambda: right.saw(PeerUp))

    run(test())


@pytest.mark.rfc("2385", "2")
@ENDS
def test_a_range_with_a_password(left_end: str, right_end: str) -> None:
    clients = "127.77.0.0/16" if ":" not in left_end else "::/64"

    async def test() -> None:
        async with nodes(2) as (left, right):
            port = left.speaker.listen(left_end, 0)
            accepted = RangeConfig(
                prefix=clients, options=options(passive=True, has_password=True, families=families_of(left_end))
            )
            left.configure(ranges=(accepted,), passwords={clients: FIRST})
            dialling_end(right, right_end, left_end, port, SECOND)
            await until(lambda: session(right).last_error == NO_ANSWER)
            dialling_end(right, right_end, left_end, port, FIRST)
            await until(lambda: left.saw(PeerUp) and right.saw(PeerUp))
            left.configure(ranges=(accepted,), passwords={clients: SECOND})
            prefix = announce(left, left_end, 1)
            dialling_end(right, right_end, left_end, port, SECOND)
            await until(lambda: prefix in right.routes())
            assert (times_up(left), times_up(right)) == (1, 1)

    run(test())


def test_a_listener_that_is_opened_later_demands_the_password() -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            configure_listening_end(left, LEFT, RIGHT, FIRST)
            port = left.speaker.listen(LEFT, 0)
            dialling_end(right, RIGHT, LEFT, port, SECOND)
            await until(lambda: session(right).last_error == NO_ANSWER)
            dialling_end(right, RIGHT, LEFT, port, FIRST)
            await until(lambda: left.saw(PeerUp))

    run(test())


def test_a_password_that_the_kernel_does_not_take_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The listener's memory for keys is bounded (net.core.optmem_max); here the setting itself is made to fail."""

    def full(*_: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    async def test() -> None:
        async with nodes(2) as (left, right):
            with monkeypatch.context() as patch:
                patch.setattr("tortie.speaker.guard.set_password", full)
                port = listening_end(left, LEFT, RIGHT, FIRST)
            reason = "the password cannot be set: Cannot allocate memory; raise net.core.optmem_max"
            assert left.speaker.password_problems == {RIGHT: reason}
            right.configure(peer(RIGHT, LEFT, port))
            await until(lambda: left.saw(ConnectionRefused))
            assert session(left).counters.established_count == 0

    run(test())


@pytest.mark.parametrize("length", [0, PASSWORD_BYTES_MAX + 1])
def test_lengths_that_the_kernel_does_not_take(length: int) -> None:
    with pytest.raises(ValueError, match=f"{length} octets, expected 1 to 80"):
        Password(b"x" * length)


def test_the_longest_password_is_taken_and_none_is_ever_shown() -> None:
    longest = Password(b"x" * PASSWORD_BYTES_MAX)
    with socket.socket() as sock:
        set_password(sock, LEFT, longest)
    assert "xx" not in f"{longest!r} {longest}"


def test_which_password_counts_for_an_address() -> None:
    passwords = {"10.0.0.0/8": FIRST, "10.1.0.0/16": SECOND, "10.1.0.1": FIRST, "fd00::/8": SECOND}
    assert place_of(passwords, "10.1.0.1") == "10.1.0.1"
    assert place_of(passwords, "10.1.0.2") == "10.1.0.0/16"
    assert place_of(passwords, "10.2.0.1") == "10.0.0.0/8"
    assert password_of(passwords, "fd00::1") is SECOND
    assert password_of(passwords, "192.0.2.1") is None
    assert password_of({}, "192.0.2.1") is None


# ---------------------------------------------------------------- distances


@pytest.mark.rfc("5082", "3")
@ENDS
def test_both_ends_check_how_far_the_other_is(left_end: str, right_end: str) -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = listening_end(left, left_end, right_end, FIRST, ttl_security_hops=1)
            dialling_end(right, right_end, left_end, port, FIRST, ttl_security_hops=1)
            await until(lambda: left.saw(PeerUp) and right.saw(PeerUp))

    run(test())


@pytest.mark.rfc("5082", "3")
@ENDS
def test_who_is_too_far_away_is_not_taken(left_end: str, right_end: str) -> None:
    """A TTL of 64, as the system sends it, may come from 192 hops away."""

    async def test() -> None:
        async with nodes(2) as (left, right):
            port = listening_end(left, left_end, right_end, None, ttl_security_hops=2)
            dialling_end(right, right_end, left_end, port, None)
            await until(lambda: left.saw(ConnectionRefused))
            refused = next(event for event in left.events if isinstance(event, ConnectionRefused))
            assert refused.reason == "192 hops away by its TTL, expected at most 2 (ttlSecurity)"
            configure_listening_end(left, left_end, right_end, None, ttl_security_hops=192)
            await until(lambda: left.saw(PeerUp))

    run(test())


@pytest.mark.rfc("5082", "3")
@ENDS
def test_an_answer_from_too_far_away_is_none(left_end: str, right_end: str) -> None:
    async def test() -> None:
        async with nodes(1) as (right,):
            with socket.socket(socket.AF_INET6 if ":" in left_end else socket.AF_INET) as far:
                far.bind((left_end, 0))
                far.listen()
                port = far.getsockname()[1]
                dialling_end(right, right_end, left_end, port, None, ttl_security_hops=1)
                await until(lambda: session(right).last_error == "no answer to the dial")
                set_ttl_security(far, 1)
                await until(lambda: "OPEN_SENT" in session(right).state.name)

    run(test())


@pytest.mark.rfc("5082", "3")
def test_the_distance_changes_in_place() -> None:
    async def test() -> None:
        async with nodes(2) as (left, right):
            port = listening_end(left, LEFT, RIGHT, None)
            dialling_end(right, RIGHT, LEFT, port, None)
            await until(lambda: left.saw(PeerUp) and right.saw(PeerUp))
            configure_listening_end(left, LEFT, RIGHT, None, ttl_security_hops=1)
            left.originate("10.1.0.0/16")
            dialling_end(right, RIGHT, LEFT, port, None, ttl_security_hops=1)
            right.originate("10.2.0.0/16")
            await until(lambda: "10.1.0.0/16" in right.routes() and "10.2.0.0/16" in left.routes())
            (number,) = left.engine.peers[PeerKey(LEFT, RIGHT, 1)].connections
            sock = left.speaker._connections[number].sock
            assert sock.getsockopt(socket.IPPROTO_IP, IP_MINTTL) == 255
            assert (times_up(left), times_up(right)) == (1, 1)
            configure_listening_end(left, LEFT, RIGHT, None)
            assert sock.getsockopt(socket.IPPROTO_IP, IP_MINTTL) == 0
            assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == 64
            dialling_end(right, RIGHT, LEFT, port, None)
            assert not left.saw(PeerDown)

    run(test())
