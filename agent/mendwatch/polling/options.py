"""A provider's own `options:`, checked by the provider's own model, with the agent's way of telling faults."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from mendwatch.config.documents import Document, Fault, Location, faults_of, nearest
from mendwatch.errors import ConfigurationError


def validated(
    model: type[BaseModel], options: Mapping[str, object], *, where: str, document: Document | None = None, base: Location = ()
) -> dict[str, object]:
    """Give the options as the model understands them, with its defaults, as plain values.

    `where` names the stanza in words. With the `document` and the stanza's location in it (`base`), faults carry
    file, line and column.

    Raises:
        ConfigurationError: an unknown key or a wrong value; all faults at once.
    """
    place = document or Document(where, dict(options), {})
    unknown = [_unknown(place, base, key, model) for key in options if key not in _keys(model)]
    try:
        checked = model.model_validate({key: value for key, value in options.items() if key in _keys(model)})
    except ValidationError as problem:
        found = faults_of(problem, place, model, base)
        raise _error([*unknown, *found], document, where) from None  # the cause would show the values, and one may be a secret
    if unknown:
        raise _error(unknown, document, where)
    return checked.model_dump()


def _keys(model: type[BaseModel]) -> set[str]:
    return {info.alias or name for name, info in model.model_fields.items()}


def _unknown(place: Document, base: Location, key: str, model: type[BaseModel]) -> Fault:
    known = sorted(_keys(model))
    meant = nearest(key, known)
    return Fault(
        place.where((*base, key)), f"unknown option {key!r}", f"did you mean {meant!r}?" if meant else f"known: {', '.join(known)}"
    )


def _error(faults: list[Fault], document: Document | None, where: str) -> ConfigurationError:
    placed = faults if document else [Fault(where, fault.message, fault.hint) for fault in faults]
    hint = next((fault.hint for fault in faults if fault.hint), "Correct the options above.")
    return ConfigurationError("\n".join(map(str, placed)), hint=hint, faults=placed)
