"""Readings of then, under schemas of now: an agent that was renewed may know more fields than the one that recorded. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.table import Poll
from mendwatch.model.samples import RecordSchema


def fitted(poll: Poll, rules: RuleSet) -> Poll:
    """Give a poll with the schemas that the rules were written against.

    A field that was not there has no value. Records whose labels are others now are left out: nobody can tell which is which.
    """
    schemas = tuple(_of_now(poll.spec.schemas, rules))
    return poll if schemas == poll.spec.schemas else replace(poll, spec=replace(poll.spec, schemas=schemas))


def _of_now(schemas: tuple[RecordSchema, ...], rules: RuleSet) -> Iterator[RecordSchema]:
    for schema in schemas:
        now = rules.schema(schema.name)
        if now is None or now.labels == schema.labels:
            yield now or schema
