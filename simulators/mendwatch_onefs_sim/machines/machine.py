"""One node as a machine, at one moment: a value; what changes it gives another one."""

from __future__ import annotations

from dataclasses import dataclass, replace

#: States of a drive in OneFS' words, and which of them count as well.
HEALTHY, SMARTFAIL, REPLACE, NEW, SUSPENDED, PREPARING, EMPTY = (
    "HEALTHY", "SMARTFAIL", "REPLACE", "NEW", "SUSPENDED", "PREPARING", "EMPTY",
)  # fmt: skip
WELL = frozenset({HEALTHY, "L3", "JOURNAL"})

GOOD_FIRMWARE = "A2B0"
#: Power supplies of a node.
SUPPLIES = (1, 2)


@dataclass(frozen=True, slots=True)
class Drive:
    """One bay: what OneFS says of the drive in it. `pending` are actions that wait, such as `add`."""

    bay: int
    serial: str
    state: str = HEALTHY
    media: str = "HDD"
    purpose: str = "STORAGE"
    model: str = "SIMULATED-4T"
    firmware: str = GOOD_FIRMWARE
    desired: str = ""
    pending: tuple[str, ...] = ()

    @property
    def present(self) -> bool:
        """Whether there is a drive in the bay."""
        return self.state != EMPTY

    @property
    def well(self) -> bool:
        """Whether nobody needs to look at it."""
        return self.state in WELL


@dataclass(frozen=True, slots=True)
class Machine:
    """One node. `locked` is read-only mode that the system itself entered, `readonly` that somebody asked for.

    `var_share` is the used share of /var (0 to 1), or None while it is as usual.
    """

    lnn: int
    drives: tuple[Drive, ...]
    readonly: bool = False
    locked: bool = False
    smartfailed: bool = False
    light: bool = False
    failed_supplies: frozenset[int] = frozenset()
    battery: str = "Good"
    battery_test: str = "passed"
    charge: str = "GREEN"
    inlet_celsius: float = 24.0
    fan_rpm: float = 5280.0
    var_share: float | None = None

    @property
    def mode(self) -> bool:
        """Whether the node is in read-only mode, for whatever reason."""
        return self.readonly or self.locked

    @property
    def well(self) -> bool:
        """Whether nobody needs to look at it."""
        return not any((self.unhealthy, self.mode, self.smartfailed, self.failed_supplies, self.charge != "GREEN"))

    @property
    def unhealthy(self) -> int:
        """How many drives and bays are not well."""
        return sum(not drive.well for drive in self.drives)

    def drive(self, bay: int) -> Drive | None:
        """Give the drive of a bay, or None if there is no such bay."""
        return next((drive for drive in self.drives if drive.bay == bay), None)

    def with_drive(self, changed: Drive) -> Machine:
        """Give the machine with one drive changed."""
        return replace(self, drives=tuple(changed if drive.bay == changed.bay else drive for drive in self.drives))
