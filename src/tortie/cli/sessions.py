"""What `status` prints: an agent, what ails it, and its BGP sessions, from the status socket's answer.

What it is for: calicoctl's table of sessions within 80 columns, a few lines above it that say what is not well, and
below it what each session has done. What it is NOT for: asking the agent (``agents.py``), JSON (printed as the agent
gives it), events (``events.py``).

To know: a status is the JSON of ``node.agent``'s status; each of its sessions is ``bgp.engine``'s `PeerStatus` with
``roles``, why the session exists.
"""

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tortie.cli.events import EVENTS_SHOWN_DEFAULT, TIME_FORMAT, duration_text, events_text
from tortie.cli.tables import boxed_table

__all__ = ["SESSIONS_SHOWN_MAX", "local_time", "status_text"]

HEADINGS: Final = ("PEER ADDRESS", "PEER TYPE", "STATE", "SINCE", "INFO")
FAMILIES: Final = (("IPv4", "."), ("IPv6", ":"))
"""Name in text, and what stands in every address of the family."""

ROLE_TEXTS: Final = {
    "mesh": "node-to-node mesh",
    "global": "global",
    "node": "node specific",
    "reflector-mesh": "reflector mesh",
    "local-workload": "local workload",
}
STATE_TEXTS: Final = {
    "idle": "Idle",
    "connect": "Connect",
    "active": "Active",
    "open_sent": "OpenSent",
    "open_confirm": "OpenConfirm",
    "established": "Established",
}
ESTABLISHED: Final = "established"
SESSIONS_SHOWN_MAX: Final = 30
"""Of more sessions only those that are not established are shown, unless all are asked for."""
ONE_DAY: Final = timedelta(days=1)
PORT_DEFAULT: Final = 179
WIDTH: Final = 80
INDENT: Final = "  "

Status = Mapping[str, Any]


def local_time() -> datetime:
    """Return the time of day where the person is."""
    return datetime.now().astimezone()


def status_text(
    status: Status, now: datetime, *, shows_all: bool = False, events_max: int | None = EVENTS_SHOWN_DEFAULT
) -> str:
    """Return a status as text.

    Args:
        status: the agent's answer.
        now: when it was asked, with a time zone; sessions show since when they are in their state.
        shows_all: every session, however many there are.
        events_max: how many of the last events; None = all.
    """
    sessions: Sequence[Status] = status["sessions"]
    shown = sessions
    if not shows_all and len(sessions) > SESSIONS_SHOWN_MAX:
        shown = [session for session in sessions if session["state"] != ESTABLISHED]
    lines = [_headline(status), *_remarks(status, now), *_counts(sessions, shown)]
    tables = [_table(name, _of_family(sessions, mark), _of_family(shown, mark), now) for name, mark in FAMILIES]
    details = "".join(line + "\n" for session in shown for line in _details(session, now))
    parts = [*tables, f"Sessions\n{details}" if details else "", events_text(status["events"], now, events_max)]
    return "\n".join(["\n".join(lines) + "\n", *(part for part in parts if part)])


def _counts(sessions: Sequence[Status], shown: Sequence[Status]) -> Iterator[str]:
    """Yield how many sessions are in which state, and whether some are not shown."""
    if sessions:
        counts = Counter(session["state"] for session in sessions)
        states = ", ".join(f"{counts[state]} {text}" for state, text in reversed(STATE_TEXTS.items()) if counts[state])
        rest = "" if len(shown) == len(sessions) else "; the established ones are left out, --all shows them"
        yield _folded(f"{len(sessions)} session{'' if len(sessions) == 1 else 's'}: {states}{rest}")


def _headline(status: Status) -> str:
    speaker = status["speaker"]
    words = [f"{status['role']} {status['name']} is running"]
    if speaker is not None:
        words.append(f"AS {speaker['local_as']}, router id {speaker['router_id']}")
        if status["role"] == "reflector":
            words.append(f"cluster id {speaker['cluster_id']}")
    return _folded(", ".join(words))


def _remarks(status: Status, now: datetime) -> Iterator[str]:
    """Yield a line for the datastore and one for each thing that is not well."""
    datastore = status["datastore"]
    if datastore is not None:
        yield _datastore_text(datastore, status["intent_from"], str(status["role"]), now)
    if (speaker := status["speaker"]) and (deferred := speaker.get("deferred_families")):
        yield f"restarted: tells nothing of {' and '.join(deferred)} before all peers have sent what they have"
    if speaker and speaker.get("is_draining"):
        yield f"draining: its routes are a last resort, until: tortie {status['role']} drain --undo"
    if status["withheld"]:
        yield f"not acted on: {status['withheld']}"
    yield from status["listen_errors"].values()
    kernel = status["kernel"]
    if kernel is not None:
        yield _kernel_line(kernel)
    for record in status["quarantine"]:
        yield _folded(f"set aside: {record['kind']} '{record['name']}': {record['reason']}")


def _datastore_text(datastore: Mapping[str, Any], intent_from: str, role: str, now: datetime) -> str:
    """Return one line when all is well; else why not and what to do, then what is done meanwhile."""
    revision = f"acted on revision {datastore['acted_revision']}"
    if datastore["is_connected"] and not datastore["is_held"]:
        return f"datastore: connected, {revision}"
    remedy = f"; if that is meant, confirm it: tortie {role} confirm" if datastore["is_held"] else ""
    last = "the last intent on disk" if intent_from == "disk" else "what was read before"
    since = _since(datastore["age_s"], now)
    return _folded(f"datastore: NOT FOLLOWED since {since}: {datastore['text']}{remedy} (runs by {last}, {revision})")


def _folded(text: str, indent: str = "") -> str:
    """Return a text in lines of 80 columns, all but the first set in."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _kernel_line(kernel: Mapping[str, Any]) -> str:
    counts = f"{kernel['installed']} of {kernel['desired']} routes"
    if kernel["is_in_sync"]:
        return f"kernel: in sync, {counts}"
    reason = f": {kernel['last_error']}" if kernel["last_error"] else ""
    return f"kernel: {counts}, {kernel['pending']} to be written, {kernel['failed_count']} refused{reason}"


def _of_family(sessions: Sequence[Status], mark: str) -> list[Status]:
    return [session for session in sessions if mark in session["remote_address"]]


def _table(family: str, sessions: Sequence[Status], shown: Sequence[Status], now: datetime) -> str:
    if not sessions:
        return f"{family} BGP status\nNo {family} peers found.\n"
    if not shown:
        return f"{family} BGP status\nAll {len(sessions)} peers are up.\n"
    rows = [_row(session, now) for session in shown]
    return f"{family} BGP status\n{boxed_table(HEADINGS, rows)}"


def _row(session: Status, now: datetime) -> list[str]:
    is_up = session["state"] == ESTABLISHED
    return [
        _peer_address(session),
        _peer_type(session),
        "up" if is_up else "start",
        _since(session["age_s"], now),
        _info(session, is_up),
    ]


def _since(age_s: float, now: datetime) -> str:
    since = now - timedelta(seconds=age_s)
    return since.strftime("%H:%M:%S" if now - since < ONE_DAY else "%Y-%m-%d")


def _peer_address(session: Status) -> str:
    address, port = session["remote_address"], session["remote_port"]
    return address if port in (0, PORT_DEFAULT) else f"{address} port {port}"


def _peer_type(session: Status) -> str:
    """Return why the session exists, in calicoctl's words; for a range or a file, what the peer is to us."""
    roles = [ROLE_TEXTS.get(role, role) for role in session["roles"]]
    if not roles:
        is_external = session["local_as"] != session["peer_as"]
        roles = ["client" if session["is_client"] else "external" if is_external else "non-client"]
    return ", ".join(roles)


def _info(session: Status, is_up: bool) -> str:
    state = STATE_TEXTS.get(session["state"], str(session["state"]))
    if session.get("stale_s") is not None:
        count = sum(family["stale"] for family in session["families"])
        return f"{state}, {count} stale, {session['stale_s']:.0f} s"
    return state if is_up or not session["last_error"] else f"{state} {session['last_error']}"


def _details(session: Status, now: datetime) -> Iterator[str]:
    """Yield what a session is and has done: state, since when, how often it was reset; routes; the last error."""
    state = STATE_TEXTS.get(session["state"], str(session["state"]))
    since = (now - timedelta(seconds=session["age_s"])).strftime(TIME_FORMAT)
    resets = session["counters"]["down_count"]
    ends = f"{resets} reset{'' if resets == 1 else 's'}"
    yield _folded(f"{_peer_address(session)}  {state} since {since} ({duration_text(session['age_s'])}), {ends}")
    for family in session["families"]:
        yield _folded(_family_text(family), INDENT)
    if session["last_error"]:
        time = (now - timedelta(seconds=session["last_error_age_s"])).strftime(TIME_FORMAT)
        yield _folded(f"last error {time}: {session['last_error']}", INDENT)


def _family_text(family: Status) -> str:
    """Return what came and went in one family."""
    text = f"{family['family']}: {family['received']} received, {family['accepted']} accepted, {family['sent']} sent"
    if family["stale"]:
        text += f", {family['stale']} stale"
    return text if family["add_path"] == "off" else f"{text}; add-path {family['add_path']}"
