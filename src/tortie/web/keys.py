"""/v2/keys over HTTP: the seed's `curl` lines, with etcd v2's replies, on top of any datastore.

What it is for: reading requests within bounds, making the transaction that `key_tree.py` decides on, and
writing replies and errors in etcd's form. What it is not for: listening and TLS (`server.py`).
"""

import asyncio
import json
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tortie.store import Conflict, Listing, ReadOnly, Store, StoreUnavailable
from tortie.web.errors import ERROR_MESSAGES, KeysError
from tortie.web.key_request import KeyRequest, parse_fields, parse_request
from tortie.web.key_tree import Event, KeyTree, deletion, read, write
from tortie.web.reflector_record import DIRECTORIES

__all__ = ["BODY_BYTES_MAX", "BODY_TIMEOUT_S", "KEYS_PATH", "KeysEndpoint"]

KEYS_PATH: Final = "/v2/keys"
BODY_BYTES_MAX: Final = 64 * 1024
"""Largest body; a larger one is refused with 413 before it is read whole."""
BODY_TIMEOUT_S: Final = 10.0
"""Longest time for a body to arrive; then 408."""
WRITE_TRIES_MAX: Final = 100
"""Tries of a change that others overtake; then 500."""

FORM_TYPE: Final = "application/x-www-form-urlencoded"
READ_METHODS: Final = frozenset({"GET", "HEAD"})
_PREFIX: Final = "/calico/bgp/v1/rr_v"
"""Begins the keys of all DIRECTORIES."""


class KeysEndpoint:
    """Answers requests for /v2/keys from a store."""

    def __init__(self, store: Store) -> None:
        """Keep the store."""
        self._store = store
        assert all(directory.startswith(_PREFIX) for directory in DIRECTORIES), "one list reads all of them"

    async def answer(self, request: Request) -> Response:
        """Return the reply to a GET, HEAD, PUT or DELETE."""
        try:
            return await self._answer(request)
        except KeysError as error:
            return _error_reply(error)
        except (StoreUnavailable, ReadOnly) as error:
            return _error_reply(KeysError(300, str(error)))

    async def _answer(self, request: Request) -> Response:
        is_read = request.method in READ_METHODS
        form = b"" if is_read else await _read_form(request)
        fields = parse_fields(form) + parse_fields(request.url.query)
        asked = parse_request(request.path_params.get("path", ""), fields, is_read=is_read)
        if is_read:
            listing = await self._store.list(_PREFIX)
            return _reply(read(_tree(listing), asked), listing.revision, listing.history)
        return await self._change(asked, is_deletion=request.method == "DELETE")

    async def _change(self, asked: KeyRequest, *, is_deletion: bool) -> Response:
        """Decide and write until nobody was faster."""
        for _ in range(WRITE_TRIES_MAX):
            listing = await self._store.list(_PREFIX)
            change = (deletion if is_deletion else write)(_tree(listing), asked)
            try:
                revision = await self._store.transact(change.compares, change.operations)
            except Conflict:
                continue
            event = change.event(revision)
            if asked.has_no_reply_value and not is_deletion:
                event = {"action": change.action}
            status = HTTPStatus.CREATED if change.is_new else HTTPStatus.OK
            return _reply(event, revision, listing.history, status)
        raise KeysError(300, f"{asked.key}: overtaken by other writers {WRITE_TRIES_MAX} times: try again")


async def _read_form(request: Request) -> bytes:
    """Return the body of a form; empty if there is none.

    Raises:
        KeysError: too long, too slow, broken off, or of another type.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
                    raise KeysError(210, f"a body of more than {BODY_BYTES_MAX} bytes", status=status)
    except TimeoutError:
        cause = f"the body did not arrive within {BODY_TIMEOUT_S:g} s"
        raise KeysError(210, cause, status=HTTPStatus.REQUEST_TIMEOUT) from None
    except ClientDisconnect:
        raise KeysError(210, "the body broke off") from None
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and content_type != FORM_TYPE:
        raise KeysError(210, f"content type {content_type!r}: expected {FORM_TYPE} (curl -d value=...)")
    return bytes(body)


def _tree(listing: Listing) -> KeyTree:
    return KeyTree(listing.entries, listing.revision)


def _reply(event: Event, index: int, history: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    headers = {"X-Etcd-Index": str(index), "X-Etcd-Cluster-Id": history[:16]}
    return _json_reply(event, status, headers)


def _error_reply(error: KeysError) -> Response:
    body = {
        "errorCode": error.code,
        "message": ERROR_MESSAGES[error.code],
        "cause": error.cause,
        "index": error.index,
    }
    return _json_reply(body, error.status, {"X-Etcd-Index": str(error.index)})


def _json_reply(body: Event, status: HTTPStatus, headers: dict[str, str]) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n"
    return Response(text, status, headers, media_type="application/json")
