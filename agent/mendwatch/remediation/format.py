"""The shape of `remediation.yaml`, field by field; docs/write-a-remediation.md is its guide.

It must not know where files lie or whether Ansible is there: it turns plain data into checked values, and tells every
fault with its position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mendwatch.config.documents import Document, Fault, faults_of
from mendwatch.config.durations import Duration, parse_duration

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
_FILE = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\.ya?ml$"
_COLLECTION = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*((>=|==|<=|>|<)\d+(\.\d+)*(,(>=|==|<=|>|<)\d+(\.\d+)*)*)?$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TimeoutsFile(_Strict):
    """How long each phase may take as a whole."""

    plan: Duration = Field(default=parse_duration("1m"), description="Check mode.")
    apply: Duration = Field(default=parse_duration("5m"), description="The change itself, with its own verification and rollback.")
    resolve: Duration = Field(default=parse_duration("1m"), description="Telling the target that its events are settled.")


class RequiresFile(_Strict):
    """What must be there before it can run."""

    collections: list[Annotated[str, StringConstraints(pattern=_COLLECTION)]] = Field(
        default_factory=list, description="Ansible collections, `namespace.name` or `namespace.name>=1.2`."
    )
    privileges: list[Text] = Field(default_factory=list, description="What the write account must be allowed to do on the target.")


class ResolveFile(_Strict):
    """Which open events a verified run settles."""

    playbook: Annotated[str, StringConstraints(pattern=_FILE)] = Field(description="A file beside remediation.yaml.")
    kind: Text = Field(description="The kind of the events.")
    equal: dict[str, str] = Field(
        default_factory=dict, description="Event attribute: variable of the run; all pairs must be equal."
    )


class RemediationFile(_Strict):
    """One remediation.yaml."""

    title: Text = Field(description="What it does, in a few words.")
    description: Text = Field(description="When it helps and what it changes, for the person who approves.")
    risk: Literal["low", "medium", "high"] = Field(description="Only low risk may ever run without a person's word.")
    reversible: bool = Field(description="Whether its change can be taken back.")
    idempotent: bool = Field(description="Whether a second run of the same plan changes nothing.")
    parameters: dict[str, Any] = Field(description="JSON Schema of type object: the variables of the playbook.")
    preconditions: list[Text] = Field(description="What must hold before the change; the playbook checks it.")
    verification: Text = Field(description="How the playbook and the agent know that it worked.")
    rollback: Text = Field(description="What happens when it did not.")
    timeouts: TimeoutsFile = Field(default=TimeoutsFile(), description="How long each phase may take.")
    requires: RequiresFile = Field(default=RequiresFile(), description="Collections and privileges.")
    examples: list[dict[str, Any]] = Field(min_length=1, description="Variables that fit `parameters`; each is checked.")
    resolve: ResolveFile | None = Field(default=None, description="Which open events a verified run settles.")


def check(document: Document) -> tuple[RemediationFile | None, list[Fault]]:
    """Check one file; gives the checked values, or None and every fault in it."""
    try:
        checked = RemediationFile.model_validate(document.data if document.data is not None else {})
    except ValidationError as problem:
        return None, faults_of(problem, document, RemediationFile)
    faults = [*_schema_faults(checked.parameters, document)]
    faults = faults or [*_example_faults(checked, document), *_resolve_faults(checked, document)]
    return (None, faults) if faults else (checked, [])


def _schema_faults(parameters: Mapping[str, Any], document: Document) -> Iterator[Fault]:
    try:
        Draft202012Validator.check_schema(parameters)
    except SchemaError as problem:
        location = ("parameters", *problem.absolute_path)
        yield Fault(document.where(location), f"parameters are no JSON Schema: {problem.message}", "see json-schema.org, 2020-12")
        return
    if parameters.get("type") != "object":
        yield Fault(document.where(("parameters", "type")), "parameters must have type: object", "variables have names")


def _example_faults(checked: RemediationFile, document: Document) -> Iterator[Fault]:
    validator = Draft202012Validator(checked.parameters)
    for index, example in enumerate(checked.examples):
        for problem in validator.iter_errors(example):
            where = document.where(("examples", index, *problem.absolute_path))
            yield Fault(where, f"example {index + 1} does not fit parameters: {problem.message}")


def _resolve_faults(checked: RemediationFile, document: Document) -> Iterator[Fault]:
    known = checked.parameters.get("properties", {})
    for attribute, variable in checked.resolve.equal.items() if checked.resolve else ():
        if variable not in known:
            where = document.where(("resolve", "equal", attribute))
            yield Fault(where, f"resolve.equal names the variable {variable!r}, which parameters do not have")
