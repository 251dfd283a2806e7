"""What the recording of readings tells of itself on the metrics page."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class RecordingMetrics:
    """Counts for the recorder; made only where readings are recorded."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._wrote = Counter("mendwatch_readings_written_bytes", "Bytes of readings written to disk.", registry=registry)
        self._lost = Counter("mendwatch_readings_lost", "Readings and ticks that could not be recorded.", registry=registry)
        self._total = Gauge("mendwatch_readings_bytes", "Bytes that the recorded readings take on disk.", registry=registry)
        self._works = Gauge("mendwatch_readings_recording", "Whether readings are recorded now.", registry=registry)

    def wrote(self, size: int, total: int) -> None:
        """Count bytes that were written; `total` is what all files take."""
        self._wrote.inc(size)
        self._total.set(total)

    def lost(self, events: int) -> None:
        """Count what could not be recorded."""
        self._lost.inc(events)

    def recording(self, *, works: bool) -> None:
        """Tell whether it records now."""
        self._works.set(works)
