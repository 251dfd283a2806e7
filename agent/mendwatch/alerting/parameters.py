"""Holds what a rule gives a remediation against what the remediation wants."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from mendwatch.alerting.conditions import Bound, Condition, Expression, Language
from mendwatch.alerting.desk import Place
from mendwatch.alerting.format import RemediateText
from mendwatch.config.documents import nearest

_SEE = "The remediation's remediation.yaml says what its parameters are."
#: What a JSON Schema says of several properties together.
_TOGETHER = ("anyOf", "oneOf", "allOf", "not", "dependentRequired")
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
            _check_parameters(text, variables, remediation.parameters, place, language)
    location = ("remediate", "verify", "when")
    when = text.verify.when if text.verify is not None else None
    return variables, place.attempt(location, language.condition, when) if when is not None else None


def _check_parameters(
    text: RemediateText,
    variables: Mapping[str, Expression],
    parameters: Mapping[str, object],
    place: Place,
    language: Language,
) -> None:
    properties: Any = parameters.get("properties", {})
    required: Any = parameters.get("required", ())
    for name in text.variables:
        if name not in properties:
            place.unknown(("remediate", "variables", name), f"variable of {text.remediation}", name, properties)
    for name in required:
        if name not in text.variables:
            place.fault(("remediate", "variables"), f"{text.remediation} needs the variable {name!r}", f"add {name}: <expression>")
    _check_presence(text, parameters, place)
    for name, expression in variables.items():
        schema = properties.get(name, {})
        if _check_type(name, expression, schema, place) and not (expression.names or expression.derived):
            _check_value(name, expression, language.bind({}, {}), schema, place)


def _check_presence(text: RemediateText, parameters: Mapping[str, object], place: Place) -> None:
    """Hold which variables there are against what the schema says of several together: `anyOf`, `dependentRequired`, ..."""
    together = {word: parameters[word] for word in _TOGETHER if word in parameters}
    for problem in Draft202012Validator(_of_presence(together)).iter_errors(dict.fromkeys(text.variables)):
        place.fault(("remediate", "variables"), f"these variables of {text.remediation} do not go together: {_said(problem)}", _SEE)


def _of_presence(schema: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    """Give the part of a schema that speaks of which properties there are, and not of their values."""
    if isinstance(schema, list):
        return [_of_presence(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        word: value if word in {"required", "dependentRequired"} else _of_presence(value)
        for word, value in schema.items()
        if word in {*_TOGETHER, "required"}
    }


def _said(problem: ValidationError) -> str:
    given: Any = problem.validator_value
    options = [" and ".join(item["required"]) for item in given if isinstance(item, dict) and item.get("required")]
    return f"needed is {' or '.join(options)}" if problem.validator in {"anyOf", "oneOf"} and options else str(problem.message)


def _check_type(name: str, expression: Expression, schema: Mapping[str, Any], place: Place) -> bool:
    wanted = schema.get("type")
    allowed = {wanted} if isinstance(wanted, str) else set(wanted or ())
    if not allowed or allowed & _FITS[expression.type]:
        return True
    hint = f"write int({expression.text})" if expression.type == "DOUBLE" and "integer" in allowed else _about(name, schema)
    message = f"{name} must be {' or '.join(sorted(allowed))}, and {expression.text!r} gives {expression.type}"
    place.fault(("remediate", "variables", name), message, hint)
    return False


def _check_value(name: str, expression: Expression, nothing: Bound, schema: Mapping[str, Any], place: Place) -> None:
    """Hold what an expression without names always gives against the parameter's limits: enum, minimum, pattern, ..."""
    value = expression.value(nothing)
    if value is None:
        place.fault(("remediate", "variables", name), f"{name}: {expression.text!r} never has a value", _about(name, schema))
        return
    for problem in Draft202012Validator(schema).iter_errors(value):
        place.fault(
            ("remediate", "variables", name),
            f"{name}: {expression.text!r} {_wrong(problem)}",
            _hint(problem) or _about(name, schema),
        )


def _about(name: str, schema: Mapping[str, Any]) -> str:
    """Say what a parameter is, in the words of the remediation."""
    return f"{name}: {schema['description']}" if schema.get("description") else _SEE


def _wrong(problem: ValidationError) -> str:
    return f"does not fit `{problem.validator}: {json.dumps(problem.validator_value, ensure_ascii=False)}` of the parameter"


def _hint(problem: ValidationError) -> str:
    if problem.validator != "enum":
        return ""
    given: Any = problem.validator_value
    known = [str(item) for item in given]
    meant = nearest(str(problem.instance), known)
    return f"did you mean {meant!r}?" if meant else f"known: {', '.join(known)}"
