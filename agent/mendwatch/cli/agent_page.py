"""Reads a page of the running agent, where there is one and it lets us in."""

from __future__ import annotations

import ssl
from collections.abc import Collection
from enum import Enum
from http import HTTPStatus

from mendwatch.config import web_config
from mendwatch.config.settings import Settings
from mendwatch.errors import ConfigurationError

_SECONDS = 3


class Unseen(Enum):
    """Why there is no page; the value says it to people."""

    SILENT = "the agent is not running"
    CLOSED = "the agent asks for a password"


async def get(settings: Settings, path: str) -> str | Unseen:
    """Give a page as text, or why there is none. A page that is not ready yet is one."""
    return await ask(settings, path, (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE))


async def ask(settings: Settings, path: str, good: Collection[int]) -> str | Unseen:
    """Give a page as text if it comes with one of these statuses, or why there is none."""
    import aiohttp  # noqa: PLC0415 - a fifth of a second that most commands do not need

    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as http,
            http.get(f"{url(settings)}{path}", ssl=_trust(settings)) as answer,
        ):
            text = await answer.text()  # in any case: a connection with half an answer on it cannot be closed in order
            if answer.status == HTTPStatus.UNAUTHORIZED:
                return Unseen.CLOSED
            return text if answer.status in good else Unseen.SILENT
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return Unseen.SILENT


def url(settings: Settings) -> str:
    """Give where the agent said that it listens; what the configuration says where it left no word, or does not run."""
    from mendwatch.service.state import ADDRESS  # noqa: PLC0415 - the database comes with it

    try:
        return (settings.state_dir / ADDRESS).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return f"http://{settings.listen}"


def _trust(settings: Settings) -> ssl.SSLContext | bool:
    """Trust the very certificate that the agent is configured with, by whatever address it is reached."""
    try:
        tls = web_config.load(settings.web_config).tls if settings.web_config else None
        if tls is None:
            return True
        context = ssl.create_default_context(cafile=str(tls.cert_file))
    except (ConfigurationError, OSError):
        return True
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
