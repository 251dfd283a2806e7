"""Every machine of the cluster, and what can happen to one: the mutators that incidents and remediations call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from mendwatch.errors import UserError
from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.machines.machine import (
    HEALTHY,
    NEW,
    PREPARING,
    REPLACE,
    SMARTFAIL,
    SUPPLIES,
    Drive,
    Machine,
)


class Machines:
    """Holds every machine by its logical node number."""

    def __init__(self, hardware: Hardware) -> None:
        self._machines = {node.lnn: _machine(node) for node in hardware.nodes}
        self._watchers: list[Callable[[Machine], None]] = []
        self._unwell: set[int] = set()
        self._leaving: set[int] = set()
        self._arriving: set[int] = set()

    @property
    def unwell(self) -> frozenset[int]:
        """The numbers of the nodes that somebody needs to look at."""
        return frozenset(self._unwell)

    @property
    def leaving(self) -> list[tuple[int, int]]:
        """Node and bay of every drive whose data is being moved away."""
        return self._places(self._leaving, SMARTFAIL)

    @property
    def arriving(self) -> list[tuple[int, int]]:
        """Node and bay of every drive that is being prepared."""
        return self._places(self._arriving, PREPARING)

    def all(self) -> list[Machine]:
        """Give every machine, in the order of their numbers."""
        return list(self._machines.values())

    def of(self, lnn: int) -> Machine:
        """Give one machine.

        Raises:
            UserError: there is no such node.
        """
        if lnn not in self._machines:
            raise UserError(f"there is no node {lnn}", hint=f"There are nodes 1 to {len(self._machines)}.")
        return self._machines[lnn]

    def put(self, machine: Machine) -> None:
        """Let a machine be so from now on."""
        self._machines[machine.lnn] = machine
        _mark(self._unwell, machine.lnn, holds=not machine.well)
        for state, numbers in ((SMARTFAIL, self._leaving), (PREPARING, self._arriving)):
            _mark(numbers, machine.lnn, holds=any(drive.state == state for drive in machine.drives))
        for watcher in self._watchers:
            watcher(machine)

    def watch(self, watcher: Callable[[Machine], None]) -> None:
        """Call this with every machine that changes."""
        self._watchers.append(watcher)

    def readonly_nodes(self) -> list[int]:
        """Give the numbers of the nodes in read-only mode."""
        return [machine.lnn for machine in self.all() if machine.mode]

    def fail_drive(self, lnn: int, bay: int, state: str = SMARTFAIL) -> Drive:
        """Let a drive fail: its data is moved away first (SMARTFAIL), then it waits for its successor (REPLACE)."""
        return self._change_drive(lnn, bay, state, ())

    def remove_drive(self, lnn: int, bay: int) -> Drive:
        """Let OneFS be done with a drive: it may be pulled."""
        return self._change_drive(lnn, bay, REPLACE, ())

    def insert_drive(self, lnn: int, bay: int) -> Drive:
        """Put a new drive into a bay; OneFS does not use it until it is added."""
        return self._change_drive(lnn, bay, NEW, ("add",))

    def add_drive(self, lnn: int, bay: int) -> Drive:
        """Let OneFS use a drive: a new one is prepared first, one that is prepared or suspended is well at once."""
        state = PREPARING if self._drive(lnn, bay).state in {NEW, REPLACE} else HEALTHY
        return self._change_drive(lnn, bay, state, ())

    def finish_drive(self, lnn: int, bay: int) -> Drive:
        """Let the preparing of a drive end."""
        return self._change_drive(lnn, bay, HEALTHY, ())

    def set_readonly(self, lnn: int, *, on: bool, by_system: bool = False) -> None:
        """Put a node into read-only mode or take it out; what the system began, a person cannot end."""
        machine = self.of(lnn)
        self.put(replace(machine, locked=on) if by_system else replace(machine, readonly=on))

    def set_light(self, lnn: int, *, on: bool) -> None:
        """Switch the service light."""
        self.put(replace(self.of(lnn), light=on))

    def set_smartfailed(self, lnn: int, *, on: bool) -> None:
        """Begin or stop the removal of a node."""
        self.put(replace(self.of(lnn), smartfailed=on))

    def fail_supply(self, lnn: int, supply: int = SUPPLIES[0]) -> None:
        """Let a power supply fail."""
        machine = self.of(lnn)
        self.put(replace(machine, failed_supplies=machine.failed_supplies | {supply}))

    def mend_supply(self, lnn: int, supply: int = SUPPLIES[0]) -> None:
        """Put a good power supply in."""
        machine = self.of(lnn)
        self.put(replace(machine, failed_supplies=machine.failed_supplies - {supply}))

    def weaken_battery(self, lnn: int, state: str = "Low", test: str = "failed", charge: str = "RED") -> None:
        """Let a node's battery fail its test: its NVRAM would not survive a power cut."""
        self.put(replace(self.of(lnn), battery=state, battery_test=test, charge=charge))

    def restore_battery(self, lnn: int) -> None:
        """Put a good battery in."""
        self.put(replace(self.of(lnn), battery="Good", battery_test="passed", charge="GREEN"))

    def heat(self, lnn: int, celsius: float) -> None:
        """Let the air before a node be so warm."""
        self.put(replace(self.of(lnn), inlet_celsius=celsius))

    def fill_var(self, lnn: int, share: float | None) -> None:
        """Fill /var of a node to a share (0 to 1); None is as usual."""
        self.put(replace(self.of(lnn), var_share=share))

    def _places(self, numbers: set[int], state: str) -> list[tuple[int, int]]:
        return [(lnn, drive.bay) for lnn in sorted(numbers) for drive in self.of(lnn).drives if drive.state == state]

    def _drive(self, lnn: int, bay: int) -> Drive:
        drive = self.of(lnn).drive(bay)
        if drive is None:
            raise UserError(f"node {lnn} has no bay {bay}", hint="GET cluster/nodes/{lnn}/drives lists the bays.")
        return drive

    def _change_drive(self, lnn: int, bay: int, state: str, pending: Iterable[str]) -> Drive:
        changed = replace(self._drive(lnn, bay), state=state, pending=tuple(pending))
        self.put(self.of(lnn).with_drive(changed))
        return changed


def _mark(numbers: set[int], number: int, *, holds: bool) -> None:
    if holds:
        numbers.add(number)
    else:
        numbers.discard(number)


def _machine(node: Node) -> Machine:
    return Machine(node.lnn, tuple(Drive(bay, f"{node.serial}-{bay:02d}") for bay in range(1, node.drives + 1)))
