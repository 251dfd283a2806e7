"""The texts that people read about a run, from the templates, and the commands in them as they can be typed here."""

from __future__ import annotations

import shlex
from pathlib import Path

from mendwatch import content
from mendwatch.cli import output
from mendwatch.config.settings import Settings
from mendwatch.model.remediations import Remediation
from mendwatch.model.runs import Run
from mendwatch.model.text import escaped
from mendwatch.render.cleaning import Line
from mendwatch.render.renderer import Renderer
from mendwatch.service import library


def approval_text(settings: Settings, run: Run, config: Path | None) -> str:
    """Give the question that an approver answers; `config` is the file that was named, for the commands in the text."""
    return _text("approval_request.md.j2", settings, run, config)


def report_text(settings: Settings, run: Run, config: Path | None) -> str:
    """Give what became of a run."""
    return _text("run_report.md.j2", settings, run, config)


def command(words: str, config: Path | None) -> str:
    """Give a command that can be typed here as it stands, such as `mendwatch runs show RUN --config FILE`."""
    named = f" --config {shlex.quote(escaped(str(config)))}" if config else ""
    return f"{output.command()} {words}{named}"


def _text(template: str, settings: Settings, run: Run, config: Path | None) -> str:
    values = {
        "run": run,
        "remediation": _remediation(settings, run.remediation),
        "alert": None,
        "approve": Line(command(f"runs approve {run.id} --hash {run.plan_hash}", config)),
        "deny": Line(command(f"runs deny {run.id}", config)),
    }
    return Renderer(content.folder("templates")).text(template, values)


def _remediation(settings: Settings, name: str) -> Remediation | None:
    return library.remediations(settings).get(name)
