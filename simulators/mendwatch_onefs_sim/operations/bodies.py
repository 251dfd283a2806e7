"""Bodies of requests that change something, checked as the cluster checks them: an object, known fields, right types."""

from __future__ import annotations

from collections.abc import Iterable

from mendwatch_onefs_sim.answers import bad_request


def fields_of(body: object, known: Iterable[str]) -> dict[str, object]:
    """Give the fields of a body.

    Raises:
        PapiError: 400 where it is no object, is empty, or has a field that nobody knows.
    """
    if not isinstance(body, dict) or not body:
        raise bad_request("The body is not an object with at least one field")
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise bad_request(f"Invalid field: '{unknown[0]}'", unknown[0])
    return body


def text(fields: dict[str, object], name: str, among: Iterable[str] | None = None) -> str | None:
    """Give a text of a body, or None where it has none.

    Raises:
        PapiError: 400 where it is no text or none of those that are allowed.
    """
    value = fields.get(name)
    if value is None:
        return None
    allowed = None if among is None else tuple(among)
    if not isinstance(value, str) or (allowed is not None and value not in allowed):
        raise bad_request(f"Invalid value of '{name}'" + (f": one of {', '.join(allowed)}" if allowed else ""), name)
    return value


def needed(fields: dict[str, object], name: str, among: Iterable[str] | None = None) -> str:
    """Give a text that a body must have.

    Raises:
        PapiError: 400 where it is missing or wrong.
    """
    value = text(fields, name, among)
    if value is None:
        raise bad_request(f"Field '{name}' is required", name)
    return value


def number(fields: dict[str, object], name: str, least: int, most: int) -> int | None:
    """Give a whole number of a body, or None where it has none.

    Raises:
        PapiError: 400 where it is none or out of range.
    """
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise bad_request(f"Value of '{name}' is not a whole number from {least} to {most}", name)
    return value
