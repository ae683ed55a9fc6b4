"""The web face: the seed's /v2/keys, etcd's /version and /health, served over HTTP or HTTPS.

What it is for: `serve_api` runs it, `make_app` is the application alone. What it is not for: reading and
writing resources from Python (`tortie.store`).
"""

from tortie.web.app import make_app
from tortie.web.errors import KeysError, ListenFailed, TLSFilesInvalid, WebError
from tortie.web.server import serve_api
from tortie.web.tls import TLSFiles, server_context

__all__ = [
    "KeysError",
    "ListenFailed",
    "TLSFiles",
    "TLSFilesInvalid",
    "WebError",
    "make_app",
    "serve_api",
    "server_context",
]
