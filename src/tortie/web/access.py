"""Who may do what through the API: callers, their roles, and one line in the log for each write.

What it is for: `AccessControl` stands before the application and answers 401 or 403 in etcd's form, `Access` is the
rule: certificates and tokens → role. What it is not for: TLS itself (`tls.py`), how tokens are kept (`tokens.py`), what
a path does (`keys.py`).

To know first: without a certificate or a token a caller has the role of the place it came by (`Access.anonymous`),
which is none where others than this host can reach it. RFC 6750 (bearer tokens), RFC 9110 §15.5.2, §15.5.4 (401, 403).
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tortie.node.log import Log
from tortie.web.errors import AccessInvalid
from tortie.web.tokens import TokenFile, TokenRefused

__all__ = ["Access", "AccessControl", "Caller", "Grant", "Role", "parse_grant"]

FAILURES_MAX: Final = 10
"""Refusals within FAILURES_WINDOW_S that a caller's address is given in full; more are answered 429 and not logged."""
FAILURES_WINDOW_S: Final = 60.0
ADDRESSES_MAX: Final = 1024
"""Addresses whose refusals are counted; the longest silent one is forgotten for a new one."""
LOGGED_PATH_LENGTH_MAX: Final = 200
UNAUTHORIZED_CODE: Final = 110
"""etcd v2's error code for a request that is not allowed."""

_READ_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SUBJECT_FIELDS: Final = {"CN": "commonName", "OU": "organizationalUnitName", "O": "organizationName"}


class Role(StrEnum):
    """What a caller may do."""

    READ = "read"
    WRITE = "write"
    """What READ may, too."""

    def may(self, wanted: "Role") -> bool:
        """Return whether this role is enough for what the other may do."""
        return self is Role.WRITE or wanted is Role.READ


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: as the log names it, and its role."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Grant:
    """Whoever has a certificate of this subject has this role.

    Attributes:
        role: what it may do.
        field: "CN", "OU", "O" or "SAN".
        value: what must stand there, exactly.
    """

    role: Role
    field: str
    value: str


def parse_grant(text: str) -> Grant:
    """Return the grant that ``write=CN=admin`` says.

    Raises:
        AccessInvalid: it says none.
    """
    role, _, rest = text.partition("=")
    field, _, value = rest.partition("=")
    if role not in list(Role) or field not in (*_SUBJECT_FIELDS, "SAN") or not value:
        raise AccessInvalid(f"grant {text!r}: expected read or write, then CN=, OU=, O= or SAN=, as in write=CN=admin")
    return Grant(Role(role), field, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The rule.

    Attributes:
        grants: which certificates mean which role; any other of the authority may read.
        tokens: which bearer tokens there are; None = none are taken.
        anonymous: who a caller without either is; None = nobody, who is refused.
        clock: the time, for tokens that expire.
    """

    grants: Sequence[Grant] = ()
    tokens: TokenFile | None = None
    anonymous: Caller | None = None
    clock: Callable[[], datetime]

    def caller(self, authorization: str | None, certificate: Mapping[str, Any] | None) -> Caller | None:
        """Return who asks; None where it is not said. A token that is shown counts, whatever the certificate is.

        Raises:
            TokenRefused: a token, or another kind of authorization, that is not good.
        """
        if authorization is not None:
            scheme, _, text = authorization.partition(" ")
            if self.tokens is None or scheme.lower() != "bearer":
                raise TokenRefused(
                    "no such authorization is taken here: expected a client certificate or a bearer token"
                )
            found = self.tokens.check(text.strip(), self.clock())
            return Caller(f"token {found.name}", Role(found.role))
        if certificate:
            return self._owner(certificate)
        return self.anonymous

    def _owner(self, certificate: Mapping[str, Any]) -> Caller:
        names = _names_in(certificate)
        is_writer = any(grant.role is Role.WRITE and (grant.field, grant.value) in names for grant in self.grants)
        common = next((value for field, value in names if field == "CN"), "without CN")
        return Caller(f"certificate {common}", Role.WRITE if is_writer else Role.READ)


def _names_in(certificate: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (field, value) of all names in a certificate, as `ssl` gives it: subject and subjectAltName."""
    by_long_name = {long: short for short, long in _SUBJECT_FIELDS.items()}
    subject = [pair for entry in certificate.get("subject", ()) for pair in entry]
    names = [(by_long_name[name], value) for name, value in subject if name in by_long_name]
    return [*names, *(("SAN", value) for _, value in certificate.get("subjectAltName", ()))]


class AccessControl:
    """Stands before an application; see the module's header. Works on HTTP only."""

    def __init__(self, app: ASGIApp, access: Access, log: Log, monotonic: Callable[[], float]) -> None:
        """Keep the application, the rule, the log and a clock in seconds."""
        self._app = app
        self._access = access
        self._log = log
        self._failures = _Failures(monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        request = Request(scope)
        certificate = scope.get("state", {}).get("client_certificate")
        try:
            caller = self._access.caller(request.headers.get("authorization"), certificate)
        except TokenRefused as problem:
            await self._refuse(request, HTTPStatus.UNAUTHORIZED, "unknown", str(problem))(scope, receive, send)
            return
        wanted = Role.READ if request.method in _READ_METHODS else Role.WRITE
        if caller is None:
            reason = "expected a client certificate or a bearer token (tortie api token create)"
            await self._refuse(request, HTTPStatus.UNAUTHORIZED, "nobody", reason)(scope, receive, send)
        elif not caller.role.may(wanted):
            reason = f"{caller.name} may {caller.role}, expected the role {wanted}"
            await self._refuse(request, HTTPStatus.FORBIDDEN, caller.name, reason)(scope, receive, send)
        elif wanted is Role.WRITE:
            await self._app(scope, receive, self._logging(request, caller, send))
        else:
            await self._app(scope, receive, send)

    def _logging(self, request: Request, caller: Caller, send: Send) -> Send:
        """Return `send` that says what became of a write, when its answer begins."""

        async def logged(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._log.audit("api write", who=caller.name, **_of(request), status=message["status"])
            await send(message)

        return logged

    def _refuse(self, request: Request, status: HTTPStatus, who: str, reason: str) -> Response:
        wait_s = self._failures.count(_address(request))
        headers = {"WWW-Authenticate": 'Bearer realm="tortie"'} if status is HTTPStatus.UNAUTHORIZED else {}
        if wait_s:
            status, headers = HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(wait_s)}
            reason = f"more than {FAILURES_MAX} refusals within {FAILURES_WINDOW_S:g} s"
        else:
            self._log.warning(
                "api refused",
                object=f"address {_address(request)}",
                who=who,
                **_of(request),
                status=status.value,
                reason=reason,
            )
        message = "The request requires user authentication"
        body = {"errorCode": UNAUTHORIZED_CODE, "message": message, "cause": reason, "index": 0}
        return Response(json.dumps(body) + "\n", status, headers, media_type="application/json")


class _Failures:
    """Counts refusals by address, in windows of FAILURES_WINDOW_S."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._by_address: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, address: str) -> int:
        """Count one; return 0, or for how many seconds there have been too many."""
        now = self._monotonic()
        began, count = self._by_address.pop(address, (now, 0))
        if now - began >= FAILURES_WINDOW_S:
            began, count = now, 0
        self._by_address[address] = began, count + 1
        if len(self._by_address) > ADDRESSES_MAX:
            self._by_address.popitem(last=False)
        return 0 if count < FAILURES_MAX else max(1, round(began + FAILURES_WINDOW_S - now))


def _of(request: Request) -> dict[str, str]:
    """Return what the log says of a request: never a value, and nothing that could break a line."""
    path = request.url.path.encode("unicode_escape").decode()[:LOGGED_PATH_LENGTH_MAX]
    return {"from": _address(request), "method": request.method, "path": path}


def _address(request: Request) -> str:
    return request.client.host if request.client and request.client.host else "unix socket"
