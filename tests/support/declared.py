"""Every metric that can be on the page, with its labels: from the declarations themselves, whatever the golden page says."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

_RENEW = Path(__file__).parents[1] / "golden" / "renew.py"
#: What prometheus-client tells of the process on every Linux.
_PROCESS = ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds")


def declared() -> Mapping[str, frozenset[str]]:
    """Give the labels of each metric by its name, the target's own label among them."""
    spec = importlib.util.spec_from_file_location("golden_renew_for_dashboards", _RENEW)
    assert spec is not None
    assert spec.loader is not None
    renew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(renew)
    found = re.findall(r"^(\w+)\{(.*)\}$", renew.page(), re.MULTILINE)
    return {
        **dict.fromkeys(_PROCESS, frozenset()),
        **{name: frozenset(filter(None, labels.split(","))) for name, labels in found},
    }
