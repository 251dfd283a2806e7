"""The answers about rules as compact text: the same facts as the structures."""

from __future__ import annotations

from collections.abc import Iterator

from mendwatch.mcp_server.rule_shapes import RuleExplanation, RuleList, RuleShape, RuleSubjectShape
from mendwatch.mcp_server.texts import MORE, joined, pairs, quoted, time


def rule_list(answer: RuleList) -> str:
    """Give one line per rule."""
    if not answer.rules:
        return "no rules"
    return joined(f"{answer.shown} of {answer.total} rules", *map(_rule, answer.rules), MORE if answer.truncated else "")


def rule_explanation(answer: RuleExplanation) -> str:
    """Give a rule, why nothing fires where nothing does, its subjects and its newest decisions."""
    asks = f", asks for {answer.remediation} in mode {answer.mode}" if answer.remediation else ""
    states = ", ".join(f"{number} {state}" for state, number in answer.states.items()) or "none"
    return joined(
        f"{answer.rule} over {answer.on} {' '.join(answer.match)}{asks}",
        f"when {answer.when}, for {answer.waits}",
        f"clear {answer.clear}" if answer.clear else "",
        f"subjects known {answer.known} ({states}), matching the question {answer.matching}",
        *(f"why not: {words}" for words in answer.why),
        *(line for subject in answer.subjects for line in _subject(subject)),
        *(
            f"{time(one.at)} {one.kind} {one.word} {pairs(one.subject)} {quoted(one.reason) if one.reason else ''}".rstrip()
            for one in answer.decisions
        ),
        MORE if answer.truncated else "",
    )


def _rule(rule: RuleShape) -> str:
    states = ", ".join(f"{number} {state}" for state, number in rule.states.items())
    asks = f", asks for {rule.remediation} ({rule.mode})" if rule.remediation else ""
    return f"{rule.name} {rule.state} over {rule.on}: {rule.when}{asks}" + (f" [{states}]" if states else "")


def _subject(subject: RuleSubjectShape) -> Iterator[str]:
    yield f"subject {pairs(subject.subject)} {quoted(subject.words)}"
    for text in subject.refused_by:
        yield f"  refused by {text}"
    for part in subject.parts:
        yield f"  {'  ' * part.depth}{part.text} = {'no value' if part.value is None else part.value}"
    for name, words in subject.derived.items():
        yield f"  {name}: {words}"
    for words in (*(f"clock {one}" for one in subject.clocks), *(f"held back: {one}" for one in subject.held_back)):
        yield f"  {words}"
