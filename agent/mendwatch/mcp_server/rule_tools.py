"""The tools about rules: which there are and how they stand, and why one does what it does. They only read."""

from __future__ import annotations

from typing import Annotated

from fastmcp.tools import ToolResult
from pydantic import Field

from mendwatch.mcp_server import budget, rule_texts
from mendwatch.mcp_server.desk import Desk
from mendwatch.mcp_server.problems import told
from mendwatch.mcp_server.tools import result

RuleName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,199}$", description="The rule's name; see rule_list.")]
Matchers = Annotated[
    list[Annotated[str, Field(max_length=500)]],
    Field(max_length=10, description='Matchers of the subjects that are meant, such as path="/ifs/data"; all must match.'),
]


class RuleTools:
    """What every token may ask about rules."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def rule_list(
        self,
        firing: Annotated[bool, Field(description="Only rules of which some subject is not inactive.")] = False,  # noqa: FBT002 - by name
        limit: Annotated[int, Field(ge=1, le=200, description="At most so many.")] = 50,
    ) -> ToolResult:
        """Give the rules, those that fire first."""
        with told():
            answer = budget.fit(await self._desk.rule_list(firing, limit), "rules")
        return result(answer, rule_texts.rule_list(answer))

    async def rule_explain(
        self,
        rule: RuleName,
        match: Matchers = [],  # noqa: B006 - fastmcp reads the default and nobody changes it
        limit: Annotated[int, Field(ge=1, le=10, description="At most so many subjects, the worst first.")] = 3,
    ) -> ToolResult:
        """Explain one rule."""
        with told():
            found = await self._desk.rule_explain(rule, match, limit)
            answer = budget.fit(found, "decisions", "subjects", "why")
        return result(answer, rule_texts.rule_explanation(answer))
