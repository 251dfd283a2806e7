"""`mendwatch rules --as-prometheus`: the rules as a Prometheus rule file, and what they lose there."""

from __future__ import annotations

from mendwatch.alerting import as_prometheus
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import Schemas
from mendwatch.cli import output
from mendwatch.model.text import count


def show(rules: RuleSet, known: Schemas, *, json: bool) -> None:
    """Print the file on standard output, and the remarks on standard error."""
    written = as_prometheus.write(rules, known)
    if json:
        output.as_json({"rules": written.rules, "of": len(rules.rules), "text": written.text, "remarks": list(written.remarks)})
        return
    output.line(written.text.rstrip())
    for remark in written.remarks:
        output.remark(str(remark))
    output.remark(f"{written.rules} of {count(len(rules.rules), 'rule')}")
