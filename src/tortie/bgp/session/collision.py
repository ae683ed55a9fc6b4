"""Connection collision detection (RFC 4271 §6.8, RFC 6286 §2.3, RFC 4724 §5).

For: pure functions that say which of two connections with one peer goes.
Not for: closing it (session.py).

Both ends judge on their own, with messages under way between them; they must not end with each closing the
connection that the other keeps. Therefore the *dominant* end (higher BGP Identifier, at a tie higher AS)
decides and the other end follows:

- the dominant end does not confirm (KEEPALIVE) the connection that the peer dialled while its own has sent an
  OPEN: it holds the peer's OPEN until its own connection is answered (then the peer's is closed) or lost (then
  the peer's goes on);
- the other end closes its own connection only when the dominant end's OPEN has arrived on the other one.

RFC 4271 §6.8 compares with connections in OpenConfirm and allows a look at those in OpenSent once the
identifier is known; when to answer an OPEN it leaves free. The connection that survives is the RFC's.

With graceful restart an OPEN beside an established connection means that the peer has lost the established one and
this side has not noticed yet: the new one wins.

Deviates from RFC 4724 §5: the established connection goes when the OPEN has come on the new one, not at the TCP
connection, because a connection that was dialled before the established one was agreed on, or by somebody else on the
peer's host, must not end a session that works. For the same reason an OPEN without the R bit does not win within
HOLD_OPEN_S of Established: it may be the loser of a collision that is still under way.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from tortie.bgp.session.fsm import State
from tortie.bgp.wire import GracefulRestart

HOLD_OPEN_S: Final = 5.0
"""Seconds for which an OPEN is held until the own connection is answered; then the peer's is taken."""


class Verdict(IntEnum):
    """What to do when a valid OPEN has arrived on a connection and another connection exists."""

    PROCEED = 0  # with the new one; the other goes on as well, its own OPEN will decide
    HOLD_NEW = 1  # do not answer the OPEN yet
    CLOSE_NEW = 2
    CLOSE_EXISTING = 3
    REPLACE_ESTABLISHED = 4  # the peer has lost it: drop it without a word, keep the paths, go on with the new one


class Identity(NamedTuple):
    """What RFC 6286 §2.3 compares: the BGP Identifier, then the AS number, both unsigned."""

    router_id: int
    asn: int


class Contender(NamedTuple):
    """The connection that already exists, as far as the judgement needs it."""

    is_outgoing: bool
    state: State
    is_connected: bool  # False: a dial that TCP has not completed, or no connection at all
    may_be_replaced: bool = False  # established, and with graceful restart the peer's next connection wins


def judge(*, local: Identity, peer: Identity, is_new_outgoing: bool, existing: Contender) -> Verdict:
    """Judge a valid OPEN that arrived on a new connection beside an existing one.

    RFC 4271 §6.8, RFC 6286 §2.3, RFC 4724 §5.

    Args:
        local: this speaker.
        peer: what the OPEN says; never equal to `local` (RFC 6286 §2.2 refuses that before).
        is_new_outgoing: whether this speaker dialled the connection on which the OPEN arrived.
        existing: the other connection.
    """
    if existing.state is State.IDLE:
        return Verdict.PROCEED
    if existing.state is State.ESTABLISHED:
        return Verdict.REPLACE_ESTABLISHED if existing.may_be_replaced else Verdict.CLOSE_NEW
    if not existing.is_connected or existing.is_outgoing is is_new_outgoing:
        return Verdict.CLOSE_EXISTING
    is_new_preferred = (local > peer) is is_new_outgoing
    if existing.state is State.OPEN_CONFIRM:
        return Verdict.CLOSE_EXISTING if is_new_preferred else Verdict.CLOSE_NEW
    return _judge_unanswered(is_new_preferred=is_new_preferred, existing=existing)


def may_be_replaced(established: GracefulRestart | None, established_for_s: float, new: GracefulRestart | None) -> bool:
    """Say whether the peer's next connection wins against an established one (RFC 4724 §5, and see above).

    Args:
        established: what the peer says about restarts on the established connection.
        established_for_s: how long it has been so.
        new: what it says in the OPEN of the new one.
    """
    if established is None or not established.families:
        return False
    is_restarting = new is not None and new.is_restarting
    return is_restarting or established_for_s >= HOLD_OPEN_S


def _judge_unanswered(*, is_new_preferred: bool, existing: Contender) -> Verdict:
    """Judge while the peer's OPEN has not arrived on the existing connection."""
    if is_new_preferred:
        return Verdict.CLOSE_EXISTING
    if not existing.is_outgoing:
        # The peer is dominant and dialled the existing one; only its OPEN there shows that it wants that one.
        return Verdict.PROCEED
    # We are dominant and dialled the existing one. Without our OPEN on it the peer cannot have chosen it.
    return Verdict.HOLD_NEW if existing.state is State.OPEN_SENT else Verdict.CLOSE_EXISTING
