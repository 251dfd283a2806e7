"""What the tools need of the agent: seven questions and one line in the audit. The service sits at this desk.

`RemoteDesk` (remote.py) sits at it too, and asks a running agent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from mendwatch.mcp_server.rule_shapes import RuleExplanation, RuleList
from mendwatch.mcp_server.shapes import MetricAnswer, RunDetail, RunList, TargetList, Verdict
from mendwatch.model.principals import Principal
from mendwatch.model.runs import RunState


class Desk(Protocol):
    """Answers in shapes (see `translate` for how the nouns become shapes). Everything raised is a MendwatchError."""

    async def run_list(self, states: Sequence[RunState] | None, target: str | None, limit: int) -> RunList:
        """Give runs, newest first."""
        ...

    async def run_get(self, run_id: str) -> RunDetail:
        """Give one run with its plan. Raises NotFound."""
        ...

    async def run_decide(self, run_id: str, plan_hash: str, verdict: Verdict, reason: str, principal: Principal) -> RunDetail:
        """Record a decision on exactly this plan; denied attempts are audited, then raise Refused."""
        ...

    async def decision_refused(self, run_id: str, principal: Principal, why: str) -> None:
        """Write into the audit that somebody tried to decide over MCP and may not. Never raises NotFound."""
        ...

    async def target_list(self) -> TargetList:
        """Give every target."""
        ...

    async def rule_list(self, firing: bool, limit: int) -> RuleList:  # noqa: FBT001 - as it is asked
        """Give the rules, those that fire first; `firing` leaves out those of which all subjects are inactive."""
        ...

    async def rule_explain(self, rule: str, matchers: Sequence[str], limit: int) -> RuleExplanation:
        """Explain one rule. Raises NotFound, and UserError where a matcher cannot be read."""
        ...

    async def metric_query(self, selector: str, window: timedelta, limit: int) -> MetricAnswer:
        """Answer a PromQL selector over the window that ends now. Raises UserError where it is no selector."""
        ...
