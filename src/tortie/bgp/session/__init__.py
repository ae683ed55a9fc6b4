"""One peer's session: the finite state machine of RFC 4271 §8 and everything around it, without I/O.

For: `Session` (session.py): bytes, timers and administration in, one ordered queue of outputs (outputs.py)
out.
Not for: sockets (speaker), routes (rib), joining the two (engine).
RFC 4271 §8 and §6, RFC 6608, RFC 7606, RFC 9687, RFC 4724 §3 and §5, RFC 8538.
Know: `TRANSITIONS` (fsm.py), the whole machine as a table; `Connection` (connection.py), one TCP connection;
`judge` (collision.py), which of two lives.
"""

from tortie.bgp.session import outputs
from tortie.bgp.session.collision import Contender, Identity, Verdict, judge
from tortie.bgp.session.config import LocalRestart, Negotiated, SessionConfig
from tortie.bgp.session.counters import SessionCounters
from tortie.bgp.session.fsm import TRANSITIONS, Action, Event, Machine, State
from tortie.bgp.session.negotiation import negotiate, own_open
from tortie.bgp.session.session import Session
from tortie.bgp.session.update_check import settle_update

__all__ = [
    "TRANSITIONS",
    "Action",
    "Contender",
    "Event",
    "Identity",
    "LocalRestart",
    "Machine",
    "Negotiated",
    "Session",
    "SessionConfig",
    "SessionCounters",
    "State",
    "Verdict",
    "judge",
    "negotiate",
    "outputs",
    "own_open",
    "settle_update",
]
