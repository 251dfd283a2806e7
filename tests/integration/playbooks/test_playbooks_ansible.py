"""The traps of Ansible and ansible-runner, each on the real thing."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mendwatch.clock import SystemClock
from mendwatch.playbooks import worker, workspace
from mendwatch.playbooks.events import Recorder
from mendwatch.playbooks.gate import Gate
from mendwatch.playbooks.interface import Ending, Phase
from mendwatch.playbooks.redaction import Redactor

if TYPE_CHECKING:
    from conftest import Rig

PAYLOADS: dict[str, object] = {
    f"value_{number}": value
    for number, value in enumerate(
        [
            "{{ lookup('pipe','touch FOLDER/pwned') }}",
            "{{lookup('pipe','touch FOLDER/pwned')}}",
            "{% set x = lookup('pipe','touch FOLDER/pwned') %}{{ x }}",
            "{{ lookup('ansible.builtin.pipe', 'touch FOLDER/pwned') }}",
            "{{ query('pipe','touch FOLDER/pwned') }}",
            "{{ ''.__class__.__mro__[1].__subclasses__() }}",
            "{{ cycler.__init__.__globals__.os.popen('touch FOLDER/pwned').read() }}",
            "{{ hostvars }}",
            "{{ undefined_name }}",
            "{# a comment #}",
            "{{ '{{' }}",
            "{{",
            "}}",
            "{%",
            "#jinja2: variable_start_string:'[%'\n[% lookup('pipe','touch FOLDER/pwned') %]",
            "!unsafe x",
            "!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162",
            "$ANSIBLE_VAULT;1.1;AES256\n6162",
            'x"\n    - name: injected\n      ansible.builtin.command: touch FOLDER/pwned',
            "x'; touch FOLDER/pwned; '",
            "$(touch FOLDER/pwned)",
            "`touch FOLDER/pwned`",
            "| touch FOLDER/pwned",
            "@/etc/passwd",
            "key=value other=thing",
            "0123",
            "yes",
            "null",
            "~",
            "1e3",
            "",
            "   spaces   ",
            "line\nline\r\nline\ttab",
            "back\\slash \"quote\" 'quote'",
            "Grüße 漢字 🗂 \u2028\u2029\u00a0",
            "\x7f\x1b[31mred",
            "x" * 200_000,
            {"__type__": "{{ 1 + 1 }}", "inner": ["{{ 2 + 2 }}", {"deep": "{% raw %}"}]},
            ["{{ 3 }}", 4, 5.5, True, None, "6"],
            2**62,
            1.5,
            False,
            None,
        ]
    )
}

GIVE_BACK = """
- hosts: localhost
  gather_facts: false
  vars:
    control: "{{ lookup('pipe', 'touch FOLDER/control') }}"
  tasks:
    - name: Evaluate what the playbook itself says, to see that it would be seen
      ansible.builtin.debug:
        msg: "{{ control }}"
    - name: Give every value back
      ansible.builtin.set_stats:
        data:
          outcome: applied
          back:
BACK
"""

RESCUED = """
- hosts: localhost
  gather_facts: false
  tasks:
    - block:
        - ansible.builtin.fail: {msg: it broke}
      rescue:
        - ansible.builtin.debug: {msg: never mind}
"""


def filled(value: object, folder: Path) -> dict[str, object]:
    made: dict[str, object] = json.loads(json.dumps(value).replace("FOLDER", str(folder)))
    return made


async def test_every_payload_comes_back_byte_for_byte_and_none_executes(rig: Rig) -> None:
    variables = filled(PAYLOADS, rig.folder)
    back = "\n".join(f'            {name}: "{{{{ {name} }}}}"' for name in variables)
    playbook = rig.playbook(GIVE_BACK.replace("FOLDER", str(rig.folder)).replace("BACK", back))

    result = await rig.executor.run(rig.job(playbook=playbook, variables=variables))

    assert result.ending is Ending.SUCCEEDED
    assert result.outcome["back"] == variables
    assert (rig.folder / "control").exists()  # templates do execute here, these did not
    assert not (rig.folder / "pwned").exists()


async def test_a_rescued_failure_is_no_success(rig: Rig) -> None:
    result = await rig.play(RESCUED)

    assert result.rc == 0
    assert result.ending is Ending.FAILED
    assert result.message == "it broke"


async def test_a_playbook_that_cannot_be_read_says_why(rig: Rig) -> None:
    text = "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - no.such.module: {}\n"

    result = await rig.play(text)

    assert result.ending is Ending.FAILED
    assert result.rc == 4
    assert "could not read the playbook" in result.message
    assert "no.such.module" in result.message


async def test_a_secret_in_a_message_is_masked_everywhere(rig: Rig) -> None:
    text = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.set_stats:
        data:
          plain: "{{ lookup('env', 'MENDWATCH_ONEFS_PASSWORD') }}"
          basic: "{{ ('remediate:' ~ lookup('env', 'MENDWATCH_ONEFS_PASSWORD')) | b64encode }}"
    - name: "Say {{ lookup('env', 'MENDWATCH_ONEFS_PASSWORD') }}"
      ansible.builtin.fail:
        msg: "password {{ lookup('env', 'MENDWATCH_ONEFS_PASSWORD') | urlencode }}"
"""
    events: list[Any] = []
    job = rig.job(playbook=rig.playbook(text), variables={})

    result = await rig.executor.run(job, events.append)

    assert result.message.startswith("password ")
    assert "***" in result.message
    assert result.outcome["plain"] == "***"
    assert "***" in str(result.outcome["basic"])
    assert rig.sim.accounts["remediate"] not in repr((result, events))
    for path in rig.executor.directory(job).iterdir():
        assert rig.sim.accounts["remediate"].encode() not in path.read_bytes()


async def test_a_playbook_sees_nothing_of_the_agents_environment(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN_OF_THE_AGENT", "x")
    text = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.command: env
      register: seen
    - ansible.builtin.set_stats:
        data: {names: "{{ seen.stdout_lines | map('split', '=') | map('first') | list }}"}
"""
    result = await rig.play(text)
    names = result.outcome["names"]

    assert isinstance(names, list)
    assert "MENDWATCH_ONEFS_URL" in names
    assert "SOME_TOKEN_OF_THE_AGENT" not in names
    assert not [name for name in names if name.startswith("PYTEST")]


def test_the_settings_reach_ansible_runner_and_the_command_holds_no_value(rig: Rig) -> None:
    job = rig.job(Phase.PLAN, variables={"path": "a-value"})
    directory = rig.executor.directory(job)
    directory.mkdir(parents=True)
    gate = Gate(directory)
    workspace.prepare(gate.private, job.variables)

    made = worker._Worker(gate, job, SystemClock())._runner(gate.private / "secret", Recorder(Redactor(()), print))

    assert made.config.pexpect_timeout == 1
    assert made.config.suppress_output_file
    assert made.config.command[:2] == [sys.executable, "-I"]
    assert str(Path(sys.executable).parent / "ansible-playbook") in made.config.command
    assert {"--check", "--diff"} < set(made.config.command)
    assert "a-value" not in " ".join(made.config.command)
    assert not [name for name in made.config.env if name.startswith("MENDWATCH_ONEFS")]
    assert set(made.config.env) & set(os.environ) <= {"PATH", "HOME", "LANG", "TMPDIR"}
