"""How answers travel: JSON, compressed for whoever asks for it, and the limit on how long a request's first line may be."""

from __future__ import annotations

import gzip
import json
from http import HTTPStatus

import orjson
from aiohttp import web

from mendwatch_onefs_sim.answers import UNAUTHORIZED_PAGE, Answer

#: Bytes of the longest request line that Apache takes: method, address and version.
LONGEST_LINE = 8_190

_WORTH_COMPRESSING = 1_024
_FAST = 1
_TOO_LONG = (
    "<!DOCTYPE html>\n<html>\n<head><title>414 Request-URI Too Long</title></head>\n<body>\n<h1>Request-URI Too Long</h1>\n"
    "<p>The requested URL's length exceeds the capacity limit for this server.</p>\n</body>\n</html>\n"
)


def plain(answer: Answer) -> web.Response:
    """Give an answer as HTTP."""
    if answer.body is None:
        return web.Response(status=answer.status)
    return web.Response(status=answer.status, body=_json(answer.body), content_type="application/json", charset="utf-8")


def unauthorized() -> web.Response:
    """Give the page with which Apache refuses a request that has no valid login."""
    return page(HTTPStatus.UNAUTHORIZED, UNAUTHORIZED_PAGE)


def too_long(request: web.Request) -> web.Response | None:
    """Give the page that refuses a request whose first line is too long, or None."""
    line = f"{request.method} {request.raw_path} HTTP/1.1"
    return page(HTTPStatus.REQUEST_URI_TOO_LONG, _TOO_LONG) if len(line) > LONGEST_LINE else None


def page(status: int, text: str) -> web.Response:
    """Give a page for browsers, which is what Apache says without asking the API."""
    return web.Response(status=status, text=text, content_type="text/html", headers={"Accept-Ranges": "bytes"})


def compressed(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Compress a response that is worth it, if the client takes gzip."""
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes) or len(body) < _WORTH_COMPRESSING or "Content-Encoding" in response.headers:
        return response
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return response
    small = gzip.compress(body, _FAST, mtime=0)
    squeezed = web.Response(status=response.status, body=small, headers=response.headers)
    squeezed.headers["Content-Length"] = str(len(small))
    squeezed.headers["Content-Encoding"] = "gzip"
    squeezed.headers["Vary"] = "Accept-Encoding"
    return squeezed


def _json(body: object) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # a number of more than 64 bits, or text that is no Unicode: rare, and the slow way can
        return json.dumps(body).encode()
