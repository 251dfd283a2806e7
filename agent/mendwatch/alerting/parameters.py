"""Holds what a rule gives a remediation against what the remediation wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mendwatch.alerting.conditions import Condition, Expression, Language
from mendwatch.alerting.desk import Place
from mendwatch.alerting.format import RemediateText

#: Which JSON Schema types a value of each CEL type satisfies.
_FITS = {"STRING": {"string"}, "DOUBLE": {"number"}, "INT": {"integer", "number"}, "BOOL": {"boolean"}}


def check(text: RemediateText | None, language: Language, place: Place) -> tuple[dict[str, Expression], Condition | None]:
    """Give the compiled variables and `verify.when` of a rule; what is wrong is noted."""
    if text is None:
        return {}, None
    variables = {}
    for name, source in text.variables.items():
        expression = place.attempt(("remediate", "variables", name), language.expression, source)
        if expression is not None:
            variables[name] = expression
    if place.desk.remediations is not None:
        remediation = place.desk.remediations.get(text.remediation)
        if remediation is None:
            place.unknown(("remediate", "remediation"), "remediation", text.remediation, place.desk.remediations)
        else:
            _check_parameters(text, variables, remediation.parameters, place)
    location = ("remediate", "verify", "when")
    return variables, place.attempt(location, language.condition, text.verify.when) if text.verify is not None else None


def _check_parameters(
    text: RemediateText, variables: Mapping[str, Expression], parameters: Mapping[str, object], place: Place
) -> None:
    properties: Any = parameters.get("properties", {})
    required: Any = parameters.get("required", ())
    for name in text.variables:
        if name not in properties:
            place.unknown(("remediate", "variables", name), f"variable of {text.remediation}", name, properties)
    for name in required:
        if name not in text.variables:
            place.fault(("remediate", "variables"), f"{text.remediation} needs the variable {name!r}", f"add {name}: <expression>")
    for name, expression in variables.items():
        _check_type(name, expression, properties.get(name, {}), place)


def _check_type(name: str, expression: Expression, schema: Mapping[str, Any], place: Place) -> None:
    wanted = schema.get("type")
    allowed = {wanted} if isinstance(wanted, str) else set(wanted or ())
    if allowed and not allowed & _FITS[expression.type]:
        hint = f"write int({expression.text})" if expression.type == "DOUBLE" and "integer" in allowed else ""
        message = f"{name} must be {' or '.join(sorted(allowed))}, and {expression.text!r} gives {expression.type}"
        place.fault(("remediate", "variables", name), message, hint)
