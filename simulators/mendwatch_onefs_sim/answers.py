"""What a resource gives: a status and a body, and the errors in the shape that the Platform API has.

It must not know HTTP's library: handlers are plain functions that tests call directly.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from mendwatch_onefs_sim.privileges import word_of

#: OneFS 9.5 and newer let Apache answer for a missing or ended login; the body is a page for browsers.
UNAUTHORIZED_PAGE = (
    "<!DOCTYPE html>\n<html>\n<head><title>401 Unauthorized</title></head>\n<body>\n<h1>Authorization required</h1>\n"
    "<p>A valid session or credential is needed to see this page.</p>\n</body>\n</html>\n"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and what becomes JSON; `body` None is an empty body. It is given `delay` seconds late."""

    status: int = HTTPStatus.OK
    body: object = None
    delay: float = 0.0


class PapiError(Exception):
    """A request that the Platform API refuses, in its own error shape."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field

    def answer(self) -> Answer:
        """Give the envelope: a list named `errors`, with `field` only where there is one."""
        error = {"code": self.code, "message": str(self)}
        if self.field is not None:
            error["field"] = self.field
        return Answer(self.status, {"errors": [error]})


def bad_request(message: str, field: str | None = None) -> PapiError:
    """The request is understood and wrong."""
    return PapiError(HTTPStatus.BAD_REQUEST, "AEC_BAD_REQUEST", message, field)


def not_found(message: str, field: str | None = None) -> PapiError:
    """There is no such resource, version or object."""
    return PapiError(HTTPStatus.NOT_FOUND, "AEC_NOT_FOUND", message, field)


def forbidden(kind: str, privilege: str) -> PapiError:
    """The account lacks a privilege; `kind` is read or write, `privilege` such as ISI_PRIV_QUOTA."""
    message = f"Privilege check failed. The following {kind} privilege is required: {word_of(privilege)} ({privilege})"
    return PapiError(HTTPStatus.FORBIDDEN, "AEC_FORBIDDEN", message)
