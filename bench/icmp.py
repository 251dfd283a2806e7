"""What an echo request costs and how true its time is: our sweep beside icmplib, fping and blackbox_exporter, in one run.

CPU is utime + stime: of the sweep alone for ours and icmplib (Python's start is not part of a poll), of the whole process for
fping, of the running server for blackbox_exporter. The contenders take turns; medians and ratios are printed. Everything runs
in a network namespace of its own, where 127.0.0.0/8 answers until it is told to be silent; without the right to make
one, the bench says what it leaves out. Run: python bench/icmp.py [rounds]
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import Callable, Sequence
from pathlib import Path
from socket import AF_INET, IPPROTO_ICMP, SOCK_DGRAM, SOCK_RAW, SocketKind, socket
from statistics import median
from time import perf_counter, process_time

import aiohttp
import icmplib

from mendwatch.clock import SystemClock
from mendwatch_icmp.asking import Answers, ask
from mendwatch_icmp.sweep import Plan, Surroundings
from mendwatch_icmp.wire import SocketWire

HOSTS, PROBES, TASKS = 5000, 1000, 50
INSIDE = "--inside-namespace"
LIVE = [f"127.1.{n >> 8}.{n & 255}" for n in range(1, HOSTS + 1)]
KINDS = {"datagram": SOCK_DGRAM, "raw": SOCK_RAW}
#: In the namespace: addresses that answer, sockets without privilege, and then this bench again.
PREPARE = "ip link set lo up; echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range; exec \"$@\""
#: Written with 1, all addresses of the namespace stay silent.
SILENCE = Path("/proc/sys/net/ipv4/icmp_echo_ignore_all")

Cost = tuple[float, float]  # wall and CPU seconds


def main() -> None:
    """Run in a namespace if one can be had."""
    if INSIDE not in sys.argv:
        enter_namespace()
        print("no network namespace can be had (unshare -n, ip): dead hosts are left out, and datagram sockets may be")
    rounds = int(next((word for word in sys.argv[1:] if word.isdigit()), "5"))
    kinds = [name for name, kind in KINDS.items() if allowed(kind)]
    if not kinds:
        print("left out: no ICMP socket may be opened here, so nothing can be measured")
        return
    live(kinds, rounds)
    truth(kinds)
    if INSIDE in sys.argv and silenced():
        dead(kinds[0])
    else:
        print("dead hosts: left out, the addresses here cannot be made silent")


def enter_namespace() -> None:
    """Start again inside a new namespace; comes back only where that is not allowed."""
    program = shutil.which("unshare")
    options = ["-n"] if os.getuid() == 0 else ["-r", "-n"]
    if program and shutil.which("ip") and run([program, *options, "true"])[2] == 0:
        os.execv(program, [program, *options, "sh", "-c", PREPARE, "sh", sys.executable, __file__, INSIDE, *sys.argv[1:]])  # noqa: S606


def silenced() -> bool:
    """Make all addresses silent, and tell whether they are."""
    try:
        SILENCE.write_text("1", "ascii")
    except OSError:
        return False
    return True


def allowed(kind: SocketKind) -> bool:
    """Tell whether this kind of socket may be opened here."""
    try:
        socket(AF_INET, kind, IPPROTO_ICMP).close()
    except OSError:
        return False
    return True


def live(kinds: Sequence[str], rounds: int) -> None:
    """Measure hosts that answer."""
    contenders: dict[str, Callable[[], Cost]] = {f"ours, {kind}": lambda kind=kind: in_process(ours, kind) for kind in kinds}
    contenders |= {f"icmplib, {kind}, {TASKS} tasks": lambda kind=kind: in_process(theirs, kind) for kind in kinds}
    if program := shutil.which("fping"):
        contenders["fping -c1 -i0"] = lambda: fping(program)
    else:
        print("fping: left out, it is not installed")
    taken: dict[str, list[Cost]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            taken[name].append(contender())
    print(f"{HOSTS} hosts that answer, one request each, median of {rounds} rounds in turn")
    costs = {name: (median(wall for wall, _ in all_), median(cpu for _, cpu in all_) / HOSTS) for name, all_ in taken.items()}
    blackbox = asyncio.run(blackbox_exporter())
    if blackbox:
        costs[f"blackbox_exporter, {PROBES} probes"] = blackbox
    for name, (wall, cpu) in costs.items():
        peer = next((f"ours, {kind}" for kind in kinds if kind in name), f"ours, {kinds[0]}")
        print(f"  {name:<34} {wall * 1e3:8.1f} ms  {cpu * 1e6:7.2f} us CPU/ping  {cpu / costs[peer][1]:6.1f} x {peer}")


def in_process(work: Callable[[str], float], kind: str) -> Cost:
    """Measure a sweep in this process; the work gives how many answered."""
    gc.collect()  # what the one before left behind is not ours to clear away
    wall, cpu = perf_counter(), process_time()
    answered = work(kind)
    cost = (perf_counter() - wall, process_time() - cpu)
    assert answered == HOSTS, f"{HOSTS - answered} of {HOSTS} did not answer"
    return cost


def ours(kind: str) -> int:
    """Sweep once as fast as the machine can."""
    answers = sweep(LIVE, Plan(1, 0, 2, 1e6), kind)
    return sum(tally.answered for tally in answers.tallies.values())


def sweep(hosts: Sequence[str], plan: Plan, kind: str) -> Answers:
    """Sweep with a socket of this kind."""
    addresses = [(host, 0) for host in hosts]
    return asyncio.run(
        ask(addresses, plan, Surroundings(SystemClock()), lambda family: SocketWire(socket(family, KINDS[kind], IPPROTO_ICMP)))
    )


def theirs(kind: str) -> int:
    """Let icmplib do the same, with as many tasks as it has by default."""
    found = asyncio.run(icmplib.async_multiping(LIVE, count=1, timeout=2, concurrent_tasks=TASKS, privileged=kind == "raw"))
    return sum(host.packets_received for host in found)


def fping(program: str) -> Cost:
    """Run fping for all hosts at once."""
    with tempfile.NamedTemporaryFile("w") as listed:
        listed.write("\n".join(LIVE))
        listed.flush()
        wall, cpu, status = run([program, "-q", "-c1", "-i0", "-f", listed.name])
    assert status == 0, f"fping ended with {status}"
    return wall, cpu


def run(command: Sequence[str]) -> tuple[float, float, int]:
    """Run a program without its output; give its wall and CPU seconds and its exit code."""
    quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (1, 2)]
    started = perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, used = os.wait4(child, 0)
    return perf_counter() - started, used.ru_utime + used.ru_stime, os.waitstatus_to_exitcode(status)


async def blackbox_exporter() -> Cost | None:
    """Probe through a running blackbox_exporter, as many at a time as icmplib's tasks; None if there is none."""
    program = shutil.which("blackbox_exporter") or shutil.which("prometheus-blackbox-exporter")
    if program is None:
        print("blackbox_exporter: left out, it is not installed")
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as settings:
        settings.write("modules: {icmp: {prober: icmp, timeout: 2s, icmp: {preferred_ip_protocol: ip4}}}\n")
        settings.flush()
        with socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        arguments = [f"--config.file={settings.name}", f"--web.listen-address={address}", "--log.level=error"]
        server = await asyncio.create_subprocess_exec(program, *arguments, stdout=DEVNULL, stderr=DEVNULL)
        try:
            return await probe(f"http://{address}/probe", server.pid)
        finally:
            server.terminate()
            await server.wait()


async def probe(url: str, pid: int) -> Cost:
    """Probe hosts, a bounded number at a time; give wall seconds and the server's CPU seconds per probe."""
    turns = asyncio.Semaphore(TASKS)

    async with aiohttp.ClientSession() as http:

        async def one(host: str) -> None:
            async with turns, http.get(url, params={"target": host, "module": "icmp"}) as answer:
                assert "\nprobe_success 1" in await answer.text()

        await ready(http, url)
        wall, cpu = perf_counter(), cpu_of(pid)
        await asyncio.gather(*map(one, LIVE[:PROBES]))
        return perf_counter() - wall, (cpu_of(pid) - cpu) / PROBES


async def ready(http: aiohttp.ClientSession, url: str) -> None:
    """Wait until the server answers."""
    for _ in range(100):
        try:
            async with http.get(url, params={"target": LIVE[0], "module": "icmp"}):
                return
        except aiohttp.ClientError:
            await asyncio.sleep(0.05)
    sys.exit("blackbox_exporter did not start")


def cpu_of(pid: int) -> float:
    """Give the CPU seconds of a process so far."""
    words = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def truth(kinds: Sequence[str]) -> None:
    """Compare the times of a whole sweep with the time that one blocking request and reply takes, one host at a time."""
    for kind in kinds:
        bound = sorted(alone(kind))
        answers = sweep(LIVE, Plan(1, 0, 2, 1e6), kind)
        times = sorted(tally.times[0] for tally in answers.tallies.values())
        p50, p99, longest, near = times[HOSTS // 2], times[HOSTS * 99 // 100], times[-1], bound[len(bound) // 2]
        print(f"round trips, {kind}: p50 {p50 * 1e3:.4f} ms, p99 {p99 * 1e3:.4f} ms, longest {longest * 1e3:.4f} ms")
        print(f"  one at a time, blocking: p50 {near * 1e3:.4f} ms, so the p99 error is at most {max(p99, near) * 1e3:.4f} ms")
    print(f"  as icmplib tells them with {TASKS} tasks: {icmplib_times()}")


def icmplib_times() -> str:
    """Give the p50 and p99 that icmplib reports for the same hosts."""
    found = asyncio.run(icmplib.async_multiping(LIVE, count=1, timeout=2, concurrent_tasks=TASKS))
    times = sorted(host.avg_rtt for host in found)
    return f"p50 {times[HOSTS // 2]:.4f} ms, p99 {times[HOSTS * 99 // 100]:.4f} ms"


def alone(kind: str) -> list[float]:
    """Time single requests from send to read in user space: a little more than the truth, and never less."""
    wire, taken = SocketWire(socket(AF_INET, KINDS[kind], IPPROTO_ICMP)), []
    packet = wire.request(1)
    for host in LIVE[:1000]:
        seen: list[str] = []
        started = perf_counter()
        wire.send(packet, (host, 0))
        while not seen:
            wire.receive(lambda source, _, __, seen=seen: seen.append(source), lambda *_: None)
        taken.append(perf_counter() - started)
    wire.close()
    return taken


def dead(kind: str) -> None:
    """Sweep hosts that never answer; the limit is the timeout and a second."""
    for hosts in (LIVE[:250], LIVE):
        for plan in (Plan(1, 0.2, 1.0, 20_000), Plan(3, 0.2, 1.0, 20_000)):
            started = perf_counter()
            answers = sweep(hosts, plan, kind)
            wall = perf_counter() - started
            assert all(tally.lost and not tally.answered for tally in answers.tallies.values())
            print(f"{len(hosts)} dead hosts, {plan.count} request(s), timeout {plan.timeout:g} s, default rate: ours {wall:.2f} s")
    started = perf_counter()
    asyncio.run(icmplib.async_multiping(LIVE[:250], count=1, timeout=1, concurrent_tasks=TASKS))
    print(f"250 dead hosts, 1 request, timeout 1 s: icmplib with {TASKS} tasks {perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
