"""The web face: the seed's /v2/keys, etcd's /version and /health, served over HTTP or HTTPS.

What it is for: `serve_api` runs it, `make_app` is the application alone. What it is not for: reading and
writing resources from Python (`tortie.store`).
"""

from tortie.web.access import Access, AccessControl, Grant, Role, parse_grant
from tortie.web.app import make_app
from tortie.web.errors import AccessInvalid, KeysError, ListenFailed, TLSFilesInvalid, WebError
from tortie.web.server import Serving, serve_api
from tortie.web.tls import TLSFiles, server_context
from tortie.web.tokens import Token, TokenFile, TokenRefused

__all__ = [
    "Access",
    "AccessControl",
    "AccessInvalid",
    "Grant",
    "KeysError",
    "ListenFailed",
    "Role",
    "Serving",
    "TLSFiles",
    "TLSFilesInvalid",
    "Token",
    "TokenFile",
    "TokenRefused",
    "WebError",
    "make_app",
    "parse_grant",
    "serve_api",
    "server_context",
]
