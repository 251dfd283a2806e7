"""Where shipped files lie: rules, remediations, templates and Grafana's files.

In a wheel they are inside the package; in a checkout they are the project's own top folders. This module is the
only place that knows the difference.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Kind = Literal["rules", "remediations", "templates", "grafana"]

_PACKAGE = Path(__file__).resolve().parent


def folder(kind: Kind) -> Path:
    """Give the folder of one kind of shipped files."""
    packed = _PACKAGE / "content" / kind
    return packed if packed.is_dir() else _PACKAGE.parent.parent / kind
