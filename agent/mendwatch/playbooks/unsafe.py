"""Variables as Ansible may see them: data, never templates.

Ansible evaluates Jinja in extra-vars, and a quota path or a share name is chosen by the users of the storage. So every string
is wrapped in the one form that Ansible gives back byte for byte and never evaluates. Keys cannot be wrapped; they are
held to plain names instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from mendwatch.errors import ExecutionError

#: What a variable of a playbook may be called.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
#: What a key inside a value may be: no template, no quote, none of Ansible's own `__ansible...` words.
_KEY = re.compile(r"(?!__ansible)[A-Za-z0-9_][A-Za-z0-9_.:/ -]*\Z")
#: Names by which extra-vars steer Ansible itself (connection, interpreter, become) instead of the playbook.
_RESERVED = ("ansible_", "__ansible")


def extra_vars(variables: Mapping[str, object]) -> str:
    """Give the text of an extra-vars file in which no string is ever evaluated.

    Raises:
        ExecutionError: a name or a value that cannot be passed safely.
    """
    for name in variables:
        _check_name(name)
    return json.dumps({name: wrap(value) for name, value in variables.items()}, allow_nan=False)


def wrap(value: object) -> object:
    """Give the value with every string in it, at any depth, marked as unsafe.

    Raises:
        ExecutionError: a key that is not plain, or a value that JSON does not know.
    """
    if isinstance(value, str):
        return {"__ansible_unsafe": value}
    if isinstance(value, Mapping):
        return {_plain(key): wrap(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [wrap(inner) for inner in value]
    return _scalar(value)


def _scalar(value: object) -> object:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float) and value - value == 0:  # neither infinite nor NaN
        return value
    raise ExecutionError(f"A value of type {type(value).__name__} cannot be passed to a playbook.", hint="Pass plain JSON values.")


def _plain(key: object) -> str:
    if isinstance(key, str) and _KEY.match(key):
        return key
    raise ExecutionError(f"The key {str(key)[:80]!r} cannot be passed to a playbook safely.", hint="Use plain words as keys.")


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not _NAME.match(name) or name.startswith(_RESERVED):
        raise ExecutionError(
            f"{str(name)[:80]!r} cannot be the name of a playbook's variable.",
            hint="Use letters, digits and underscores, and no name beginning with ansible_.",
        )
