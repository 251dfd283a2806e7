"""The golden page of every metric's name, help, type and labels."""

from __future__ import annotations

import difflib
import importlib.util
from pathlib import Path


def test_every_metric_is_as_the_golden_page_says() -> None:
    here = Path(__file__).parent
    spec = importlib.util.spec_from_file_location("golden_renew", here / "renew.py")
    assert spec is not None
    assert spec.loader is not None
    renew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(renew)
    golden = (here / "metrics.txt").read_text().splitlines()
    difference = "\n".join(difflib.unified_diff(golden, renew.page().splitlines(), "golden", "declared", lineterm=""))
    assert not difference, f"{difference}\n\nMetrics changed. If that was meant, run `make golden` and commit metrics.txt."
