"""What an UPDATE's problems mean for it: the dispositions of RFC 7606, and the first AS of an eBGP path.

For: `settle_update`, called for each UPDATE in Established; it changes the Update in place.
Not for: finding the problems (wire), or what the RIB does.
RFC 7606 §2, RFC 4271 §6.3 (first AS), §9.
"""

from typing import Final

from tortie.bgp.errors import Disposition, Problem, RemoteProtocolError
from tortie.bgp.session.config import Negotiated
from tortie.bgp.session.counters import SessionCounters
from tortie.bgp.wire import AttributeSet, Family, Update

UPDATE_MESSAGE_ERROR: Final = 3
MALFORMED_AS_PATH: Final = 11


def settle_update(
    update: Update, negotiated: Negotiated, counters: SessionCounters, *, accept_any_first_as: bool
) -> None:
    """Apply the dispositions to `update`: afterwards all that is in `announced` may be used.

    Args:
        update: as decoded; unusable prefixes move to `withdrawn`, found problems are added to `problems`.
        negotiated: the session's.
        counters: treated_as_withdraw_count and attribute_discard_count move.
        accept_any_first_as: leave out the comparison of the first AS.
    Raises:
        RemoteProtocolError: a problem asks for a reset of the session.
    Cost: two tests for an iBGP UPDATE without problems, one comparison more a set of attributes for eBGP.
    """
    if not (negotiated.is_internal or accept_any_first_as):
        _check_first_as(update, negotiated.peer_as)
    if update.problems or update.announced_unusable:
        _apply_dispositions(update, counters)


def _check_first_as(update: Update, peer_as: int) -> None:
    """Make unusable what does not begin with the peer's AS (RFC 4271 §6.3, RFC 7606 §7.2)."""
    wrong = [each for each in update.announced if each[1].neighbor_as != peer_as]
    if wrong:
        update.announced = [each for each in update.announced if each[1].neighbor_as == peer_as]
        update.announced_unusable += [(family, nlris) for family, _, nlris in wrong]
        update.problems += tuple(_first_as_problem(each, peer_as) for each in wrong)


def _first_as_problem(announced: tuple[Family, AttributeSet, list[bytes]], peer_as: int) -> Problem:
    path = announced[1].as_path_text() or "empty"
    return Problem(
        code=UPDATE_MESSAGE_ERROR,
        subcode=MALFORMED_AS_PATH,
        data=b"",
        disposition=Disposition.TREAT_AS_WITHDRAW,
        text=f"AS_PATH is {path}, expected the peer's AS {peer_as} first",
    )


def _apply_dispositions(update: Update, counters: SessionCounters) -> None:
    for problem in update.problems:
        if problem.disposition is Disposition.SESSION_RESET:
            raise RemoteProtocolError(problem.code, problem.subcode, problem.data, problem.text)
        if problem.disposition is Disposition.ATTRIBUTE_DISCARD:
            counters.attribute_discard_count += 1
    if update.announced_unusable:
        counters.treated_as_withdraw_count += 1
        update.withdrawn += update.announced_unusable
        update.announced_unusable = []
