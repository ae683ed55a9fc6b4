"""The ASGI application of `tortie api`: which path is answered by what.

What it is for: `make_app` puts the end points together. What it is not for: what they do (`keys.py`),
listening (`server.py`).
"""

import json
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tortie import __version__
from tortie.store import Store, StoreError
from tortie.web.keys import KEYS_PATH, KeysEndpoint

__all__ = ["ETCD_VERSION", "make_app"]

ETCD_VERSION: Final = "2.3.8"
"""The release of etcd whose /v2 the replies follow; what /version says."""

KEYS_METHODS: Final = ["GET", "PUT", "DELETE"]


def make_app(store: Store) -> Starlette:
    """Return the application that serves a store. The store stays its caller's to close."""

    async def version(_: Request) -> Response:
        body = {"etcdserver": ETCD_VERSION, "etcdcluster": "2.3.0", "tortie": __version__}
        return Response(_compact(body), media_type="application/json")

    async def health(_: Request) -> Response:
        try:
            await store.list("/calico/bgp/v1/")
        except StoreError as error:
            body = _compact({"health": "false", "reason": str(error)})
            return Response(body, HTTPStatus.SERVICE_UNAVAILABLE, media_type="text/plain")
        return Response(_compact({"health": "true"}), media_type="text/plain")

    keys = KeysEndpoint(store).answer
    return Starlette(
        routes=[
            Route("/version", version),
            Route("/health", health),
            Route(KEYS_PATH, keys, methods=KEYS_METHODS),
            Route(KEYS_PATH + "/{path:path}", keys, methods=KEYS_METHODS),
        ]
    )


def _compact(body: dict[str, str]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
