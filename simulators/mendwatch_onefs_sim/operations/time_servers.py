"""The NTP servers that the cluster asks, as names alone: its clocks do not depend on them."""

from __future__ import annotations

from mendwatch_onefs_sim.answers import bad_request, not_found


class TimeServers:
    """Holds the names of the servers, in the order in which they were added."""

    def __init__(self) -> None:
        self._names = ["ntp1.example.com", "ntp2.example.com"]

    def all(self) -> list[str]:
        """Give every name."""
        return list(self._names)

    def add(self, name: str) -> None:
        """Ask one more.

        Raises:
            PapiError: 400, it is asked already.
        """
        if name in self._names:
            raise bad_request(f"NTP server '{name}' already exists", "name")
        self._names.append(name)

    def remove(self, name: str) -> None:
        """Ask one no more.

        Raises:
            PapiError: 404.
        """
        if name not in self._names:
            raise not_found(f"NTP server '{name}' was not found", "id")
        self._names.remove(name)

    def clear(self) -> None:
        """Ask none."""
        self._names.clear()
