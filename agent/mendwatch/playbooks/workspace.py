"""The folder and the environment that one ansible-playbook sees, and nothing of the agent's own.

One folder per phase: ansible-runner hands the variables of an earlier run to the next when a folder is used twice. Its
settings are written as a file, because it drops those given as arguments. HOME, the temporary folders and Ansible's
configuration all lie inside.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from mendwatch.errors import ExecutionError
from mendwatch.playbooks import launch, unsafe
from mendwatch.playbooks.processes import MARKER

_FOLDERS = ("env", "inventory", "home", "tmp")
#: ansible-runner's own names that must reach ansible-playbook: how its events come back.
_RUNNER_NAMES = (
    "ANSIBLE_CALLBACK_PLUGINS",
    "ANSIBLE_STDOUT_CALLBACK",
    "ANSIBLE_RETRY_FILES_ENABLED",
    "AWX_ISOLATED_DATA_DIR",
    "RUNNER_OMIT_EVENTS",
    "RUNNER_ONLY_FAILED_EVENTS",
)
#: What ansible-runner keeps: no output, and a look at the clock every second.
_SETTINGS = {"suppress_output_file": True, "suppress_ansible_output": True, "pexpect_timeout": 1}
#: What a pipe surely takes before anybody reads it.
_PIPE_CAPACITY = 65536


def prepare(private: Path, variables: Mapping[str, object]) -> None:
    """Write everything that ansible-runner and ansible-playbook read, except the secret."""
    private.mkdir(mode=0o700)
    for name in _FOLDERS:
        (private / name).mkdir(mode=0o700)
    (private / "env/settings").write_text(json.dumps(_SETTINGS), "utf-8")
    (private / "env/extravars").write_text(unsafe.extra_vars(variables), "utf-8")
    (private / "inventory/hosts").write_text("localhost ansible_connection=local\n", "utf-8")
    (private / "ansible.cfg").write_text("", "utf-8")


def base_environment(directory: Path) -> dict[str, str]:
    """Give what the worker itself may see of the agent's environment: nothing but where programs are."""
    tools = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    return {"PATH": tools, "LANG": "C.UTF-8", "HOME": str(directory), MARKER: str(directory)}


def environment(directory: Path, private: Path, collections: Path, runners: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of ansible-playbook without the secret; `runners` is what ansible-runner would have given it."""
    kept = {name: runners[name] for name in _RUNNER_NAMES if name in runners}
    home, tmp = str(private / "home"), str(private / "tmp")
    return {
        **kept,
        **base_environment(directory),
        "HOME": home,
        "TMPDIR": tmp,
        "ANSIBLE_CONFIG": str(private / "ansible.cfg"),
        "ANSIBLE_HOME": home,
        "ANSIBLE_LOCAL_TEMP": tmp,
        "ANSIBLE_REMOTE_TEMP": tmp,
        "ANSIBLE_REMOTE_TMP": tmp,
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,  # Ansible's own discovery found another and every module failed
        "ANSIBLE_PIPELINING": "1",  # without it a module's arguments are a file for a while
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
    }


def command(gate_lock: Path, fifo: Path, arguments: list[str]) -> list[str]:
    """Give the command that becomes ansible-playbook.

    Raises:
        ExecutionError: Ansible is not installed beside this interpreter.
    """
    program = Path(sys.executable).parent / "ansible-playbook"
    if not program.is_file():
        raise ExecutionError(
            f"There is no ansible-playbook beside {sys.executable}.", hint="Install ansible-core into the same environment."
        )
    first = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(fifo), str(gate_lock)]
    return [*first, sys.executable, "-I", str(program), *arguments]


def offer_secret(fifo: Path, secret: Mapping[str, str]) -> int:
    """Put the secret where `launch` takes it: in a pipe, which is memory; give the open file, which must stay open.

    Raises:
        ExecutionError: it is larger than a pipe holds.
    """
    data = json.dumps(dict(secret)).encode()
    message = f"{len(data):0{launch.LENGTH_DIGITS}d}".encode() + data
    if len(message) > _PIPE_CAPACITY:
        raise ExecutionError("The environment of a playbook is larger than 64 KiB.", hint="Pass files by their path.")
    os.mkfifo(fifo, 0o600)
    handle = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    os.write(handle, message)
    return handle
