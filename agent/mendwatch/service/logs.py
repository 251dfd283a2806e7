"""Logs: one line per thing that changed, as text for people or JSON for machines, always on standard error."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import Processor

from mendwatch.model.notices import Notice


def tell(notice: Notice) -> None:
    """Log what was judged and decided. Targets log for themselves, and a playbook's tasks are too many."""
    noun, _, what = notice.kind.partition(".")
    if noun in {"alert", "run"} and what != "task":
        structlog.get_logger(__name__).info(notice.kind, text=notice.text)


def configure(form: str, *, verbose: bool = False, quiet: bool = False) -> None:
    """Set up structlog for the process. Standard output stays free for answers; `quiet` leaves errors only."""
    level = logging.ERROR if quiet else logging.DEBUG if verbose else logging.INFO
    last: Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # asked for each line: standard error may be redirected
        cache_logger_on_first_use=False,
    )
    # Libraries' own chatter (APScheduler tells every run) is no concern of an operator.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
