"""Texts that do something where they are evaluated: by Jinja, YAML, a shell, Ansible's own words, or an HTTP path."""

from __future__ import annotations

from pathlib import Path

_TEXTS = (
    "{{ lookup('pipe','touch FOLDER/pwned') }}",
    "{{lookup('pipe','touch FOLDER/pwned')}}",
    "{% set x = lookup('pipe','touch FOLDER/pwned') %}{{ x }}",
    "{{ lookup('ansible.builtin.pipe', 'touch FOLDER/pwned') }}",
    "{{ query('pipe','touch FOLDER/pwned') }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('touch FOLDER/pwned').read() }}",
    "{{ lookup('env', 'MENDWATCH_ONEFS_PASSWORD') }}",
    "{{ hostvars }}",
    "{{ undefined_name }}",
    "{# a comment #}",
    "{{ '{{' }}",
    "{{",
    "}}",
    "{%",
    "#jinja2: variable_start_string:'[%'\n[% lookup('pipe','touch FOLDER/pwned') %]",
    "!unsafe x",
    "$ANSIBLE_VAULT;1.1;AES256\n6162",
    'x"\n    - name: injected\n      ansible.builtin.command: touch FOLDER/pwned',
    "x'; touch FOLDER/pwned; '",
    "$(touch FOLDER/pwned)",
    "`touch FOLDER/pwned`",
    "| touch FOLDER/pwned",
    "; touch FOLDER/pwned #",
    "@/etc/passwd",
    "key=value other=thing",
    "0123",
    "yes",
    "null",
    "~",
    "1e3",
    "   spaces   ",
    "line\nline\r\nline\ttab",
    "back\\slash \"quote\" 'quote'",
    "Grüße 漢字 🗂 \u2028\u2029\u00a0",
    "\x7f\x1b[31mred",
    "../../../quota/quotas",
    "..",
    "a/b?x=y#z&resume=1",
    "%2e%2e%2f",
    "__omit_place_holder__",
    "x" * 4_000,
)


def payloads(folder: Path) -> tuple[str, ...]:
    """Give them; those that run leave a file `pwned` in the folder."""
    return tuple(text.replace("FOLDER", str(folder)) for text in _TEXTS)
