"""The landing page as text: pure. Everything that came from outside is escaped, and nothing is loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from mendwatch.model.text import replaced
from mendwatch.polling.outcomes import TargetStatus

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .8rem .3rem 0;vertical-align:top}"
    "th{border-bottom:1px solid}.down{font-weight:bold}"
)
#: The page may use this style and load nothing else.
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"
)
_WORDS = {True: "up", False: "down", None: "not asked yet"}


def landing(targets: Sequence[TargetStatus], reasons: Sequence[str], warnings: Sequence[str] = (), *, mcp: bool) -> str:
    """Give the page: what is watched and how it stands, what should be known, and where everything is."""
    ready = "ready" if not reasons else "not ready: " + "; ".join(map(_text, reasons))
    links = [
        ("/metrics", "metrics for Prometheus"),
        ("/sd", "the targets for http_sd"),
        ("/-/healthy", "alive?"),
        ("/-/ready", "ready?"),
    ]
    mention = "<li><code>/mcp</code> for language models; it needs a token" if mcp else ""
    items = "".join(f'<li><a href="{path}">{path}</a> {words}' for path, words in links)
    told = "".join(f'<p class="down">{_text(warning)}' for warning in warnings)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>mendwatch</title><style>{_STYLE}</style>"
        f"<h1>mendwatch</h1><p>The agent is {ready}.{told}<h2>Targets</h2>{_table(targets)}"
        f"<h2>Where to go</h2><ul>{items}{mention}</ul></html>\n"
    )


def _table(targets: Sequence[TargetStatus]) -> str:
    if not targets:
        return "<p>None is configured."
    head = "<tr><th>target<th>address<th>state<th>what it is<th>what is wrong"
    return f"<table>{head}{''.join(map(_row, targets))}</table>"


def _row(status: TargetStatus) -> str:
    what = f"{status.identity.product} {status.identity.version}" if status.identity else ""
    mark = ' class="down"' if status.up is False else ""
    cells = "".join(f"<td><bdi>{_text(text)}</bdi>" for text in (what, _trouble(status)))
    return f"<tr><td>{_probe(status.target.id)}<td>{_text(status.address)}<td{mark}>{_WORDS[status.up]}{cells}"


def _probe(name: str) -> str:
    """Link a target's name to its own page of series; names are checked by the configuration, and quoted all the same."""
    return f'<a href="/probe?target={quote(name)}">{_text(name)}</a>'


def _trouble(status: TargetStatus) -> str:
    if status.error:
        return status.error
    return "; ".join(f"{collector.name}: {collector.fault}" for collector in status.collectors if collector.fault)


def _text(text: str) -> str:
    return escape(replaced(text))
