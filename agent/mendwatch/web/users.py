"""Who may come in by a password: the users of the web configuration, as its file says now.

Prometheus' own programs read this file for every request, so people expect that a removed user is out at once. A file that
cannot be read changes nothing: half a file, while somebody saves it, must neither shut everybody out nor open the door.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import structlog

from mendwatch.config import web_config
from mendwatch.errors import ConfigurationError
from mendwatch.web.changes import Marks

_log = structlog.get_logger("mendwatch.web")


class Users:
    """Names and bcrypt hashes of one file; asked for every request."""

    def __init__(self, file: Path, first: Mapping[str, str]) -> None:
        """Begin with what was read at the start."""
        self._file, self._users = file, dict(first)
        self._marks = Marks([file])

    def __call__(self) -> Mapping[str, str]:
        """Give the present users."""
        if self._marks.changed():
            self._read()
        return self._users

    def _read(self) -> None:
        try:
            self._users = dict(web_config.load(self._file).basic_auth_users)
        except ConfigurationError as problem:
            _log.error("users not renewed", reason=str(problem), hint=problem.hint)
        else:
            _log.info("users renewed", file=str(self._file), users=len(self._users))


def nobody() -> Mapping[str, str]:
    """Give no users: without a file, no password is asked for."""
    return {}
