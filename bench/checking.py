"""What it costs to check rules: 500 of them, loaded as the agent does and by the command, beside `promtool check rules` on as many.

Run: python bench/checking.py [rules]. Then the most that any of the hostile conditions of the tests costs to read and to ask. Times
are of CPU, so that a busy machine changes them little; the clock on the wall stands beside them.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median

from mendwatch.alerting import loading, schemas
from mendwatch.alerting.conditions import Bound, ConditionError, Language
from mendwatch.polling import providers

ROOT = Path(__file__).resolve().parents[1]
ROUNDS, FILE = 5, 25
RULE = """  - alert: QuotaNearlyFull{number}
    on: quota
    match: ['cluster=~"prod-{number}-.*"', 'type="directory"']
    when: usage_bytes / hard_limit_bytes > 90% && rate(usage_bytes, 5m) > {number}
    clear: usage_bytes / hard_limit_bytes < 85%
    for: 5m
    key: [cluster, path]
    labels: {{severity: warning}}
    annotations: {{summary: '{{{{ path }}}} on {{{{ cluster }}}} is {{{{ pct(usage_bytes / hard_limit_bytes) }}}} full'}}
    remediate:
      remediation: onefs/quota_raise
      variables: {{path: path, new_hard_limit_bytes: hard_limit_bytes * 1.25}}
      verify: {{when: usage_bytes / hard_limit_bytes < 85%, within: 10m}}
"""
THEIRS = """  - alert: QuotaNearlyFull{number}
    expr: usage_bytes{{cluster=~"prod-{number}-.*"}} / hard_limit_bytes > 0.9 and rate(usage_bytes[5m]) > {number}
    for: 5m
    labels: {{severity: warning}}
    annotations: {{summary: '{{{{ $labels.path }}}} on {{{{ $labels.cluster }}}} is {{{{ $value | humanizePercentage }}}} full'}}
"""


def written(folder: Path, rule: str, count: int) -> list[str]:
    """Write rules, some to a file, and give the files."""
    folder.mkdir()
    for first in range(0, count, FILE):
        rules = "".join(rule.format(number=number) for number in range(first, min(first + FILE, count)))
        (folder / f"{first:05}.yaml").write_text(f"groups:\n- name: g{first}\n  rules:\n{rules}", "utf-8")
    return sorted(map(str, folder.iterdir()))


def cost(work: Callable[[], object], clock: Callable[[], float]) -> tuple[float, float]:
    """Give CPU seconds and seconds of one piece of work."""
    began, wall = clock(), time.perf_counter()
    work()
    return clock() - began, time.perf_counter() - wall


def children() -> float:
    """Give the CPU time of ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tell(what: str, work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Print what something costs; gives CPU seconds."""
    costs = [cost(work, clock) for _ in range(ROUNDS)]
    cpu, wall = median(one for one, _ in costs), median(one for _, one in costs)
    print(f"{what:<52}{cpu:>8.2f} s of CPU {wall:>8.2f} s")
    return cpu


def hostile() -> None:
    """Print the most that a hostile condition costs."""
    sys.path.append(str(ROOT / "tests" / "support"))
    from hostile_conditions import conditions  # noqa: PLC0415 - the tests' own module

    language = Language(("usage", "limit"), ("path", "type"))
    bound = language.bind({"usage": 1.0, "limit": 2.0}, {"path": "a" * 5_000 + "!", "type": "x"})
    found = [_hostile(language, bound, text) for text in conditions()]
    print(f"{f'the costliest of {len(found)} hostile conditions':<52}{max(found) * 1000:>8.1f} ms of CPU to read and ask")


def _hostile(language: Language, bound: Bound, text: str) -> float:
    began = time.thread_time()
    with suppress(ConditionError):
        language.condition(text).holds(bound)
    return time.thread_time() - began


def main(count: int) -> None:
    """Measure and print."""
    known = schemas.of_providers(providers.discover(["onefs"]).values())
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours", Path(folder) / "theirs"
        files, others = written(ours, RULE, count), written(theirs, THEIRS, count)
        loaded = tell(f"{count} rules loaded", lambda: loading.load([ours], known))
        command = [str(Path(sys.executable).parent / "mendwatch"), "rules", "check", *files]
        tell("mendwatch rules check, from the start of the program", lambda: _run(command), children)
        promtool = shutil.which("promtool")
        if promtool is None:
            print("promtool is not installed: nothing to hold this against")
        else:
            peer = tell("promtool check rules", lambda: _run([promtool, "check", "rules", *others]), children)
            print(f"loading costs {loaded / peer:.1f} times what promtool costs; promtool knows no schemas and no types of labels")
    hostile()


def _run(command: list[str]) -> None:
    """Run a program to its end, its words unheard."""
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
    process = os.posix_spawn(command[0], command, os.environ, file_actions=silent)
    if os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]):
        raise SystemExit(f"{command[0]} failed")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
