"""CELOG's maintenance mode: while it is on, events are kept and nobody is told of them."""

from __future__ import annotations

from mendwatch_onefs_sim.answers import bad_request


class Maintenance:
    """Whether it is on now, and when it was on before; times are epoch seconds."""

    def __init__(self) -> None:
        self._since: int | None = None
        self._history: list[tuple[int, int]] = []

    @property
    def on(self) -> bool:
        """Whether it is on."""
        return self._since is not None

    def switch(self, epoch: int, *, on: bool) -> None:
        """Switch it on or off; again changes nothing."""
        if on and self._since is None:
            self._since = epoch
        elif not on and self._since is not None:
            self._history.append((self._since, epoch))
            self._since = None

    def put(self, body: object, epoch: int) -> None:
        """Take the body of a PUT.

        Raises:
            PapiError: 400; nothing is changed then.
        """
        if not isinstance(body, dict) or set(body) - {"maintenance", "prune"}:
            raise bad_request("The body is not an object with 'maintenance'")
        on = body.get("maintenance", self.on)
        if not isinstance(on, bool):
            raise bad_request("Value of 'maintenance' is not of type boolean", "maintenance")
        self.switch(epoch, on=on)

    def as_json(self) -> dict[str, object]:
        """Give it as `event/maintenance` shows it; a window that is not over ends at 0."""
        windows = [*self._history, *([(self._since, 0)] if self._since is not None else [])]
        return {"history": [{"end": end, "start": start} for start, end in windows], "maintenance": self.on}
