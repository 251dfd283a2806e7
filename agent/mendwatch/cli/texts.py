"""The texts that people read about a run, from the templates."""

from __future__ import annotations

from mendwatch import content
from mendwatch.config.settings import Settings
from mendwatch.model.remediations import Remediation
from mendwatch.model.runs import Run
from mendwatch.render.renderer import Renderer
from mendwatch.service import library


def approval_text(settings: Settings, run: Run) -> str:
    """Give the question that an approver answers."""
    return _text("approval_request.md.j2", settings, run)


def report_text(settings: Settings, run: Run) -> str:
    """Give what became of a run."""
    return _text("run_report.md.j2", settings, run)


def _text(template: str, settings: Settings, run: Run) -> str:
    values = {"run": run, "remediation": _remediation(settings, run.remediation), "alert": None}
    return Renderer(content.folder("templates")).text(template, values)


def _remediation(settings: Settings, name: str) -> Remediation | None:
    return library.remediations(settings).get(name)
