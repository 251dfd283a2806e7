"""What a quota is measured by: the metrics, and the records that rules see. A table; it reads nothing.

Quotas of directories, and the default ones, are named by path and type. Those of users and groups have metrics of their
own, because a path has thousands of them and a rule about paths must not see them.
"""

from __future__ import annotations

from collections.abc import Iterator

from mendwatch.model.samples import MetricSpec, RecordSchema

LABELS = ("path", "type")
PERSONA_LABELS = ("path", "type", "persona")

#: The name of each metric behind its prefix, in the order of the columns of `quota_rows`: words, OneFS' field, unit.
FIELDS: dict[str, tuple[str, str, str]] = {
    "usage_bytes": ("Bytes used, as the limits count them; absent until accounting is ready", "usage, by thresholds_on", "bytes"),
    "physical_bytes": ("Bytes used on disks, with protection; absent until accounting is ready", "usage.physical", "bytes"),
    "inodes": ("Files and directories; absent until accounting is ready", "usage.inodes", ""),
    "efficiency_ratio": ("Logical bytes per physical byte, with protection", "efficiency_ratio", "ratio"),
    "reduction_ratio": ("Logical bytes per byte of data, by compression and deduplication", "reduction_ratio", "ratio"),
    "hard_limit_bytes": ("The hard limit; absent if not set", "thresholds.hard", "bytes"),
    "soft_limit_bytes": ("The soft limit; absent if not set", "thresholds.soft", "bytes"),
    "advisory_limit_bytes": ("The advisory limit; absent if not set", "thresholds.advisory", "bytes"),
    "soft_grace_left_seconds": (
        "Seconds until writes fail because the soft limit was hit; absent while it is not",
        "thresholds.soft_grace, soft_last_exceeded",
        "seconds",
    ),
    "ready": ("Whether accounting is accurate; 0 while a QuotaScan job is awaited", "ready", ""),
    "enforced": ("Whether limits are enforced, or only accounted", "enforced", ""),
    "linked": ("Whether a default quota controls this one, so that it cannot be changed itself", "linked", ""),
    "hard_exceeded": ("Whether the hard limit was hit", "thresholds.hard_exceeded", ""),
    "soft_exceeded": ("Whether the soft limit was hit", "thresholds.soft_exceeded", ""),
    "advisory_exceeded": ("Whether the advisory limit was hit", "thresholds.advisory_exceeded", ""),
}
#: Where the hard limit stands among the columns.
HARD = list(FIELDS).index("hard_limit_bytes")


def _specs(prefix: str, whose: str, labels: tuple[str, ...]) -> Iterator[MetricSpec]:
    for name, (words, key, unit) in FIELDS.items():
        yield MetricSpec(f"{prefix}{name}", f"{words}{whose} (quota/quotas: {key}).", unit=unit, labels=labels)


METRICS = tuple(_specs("powerscale_quota_", "", LABELS))
PERSONA_METRICS = tuple(_specs("powerscale_persona_quota_", "; quotas of users and groups", PERSONA_LABELS))

SCHEMA = RecordSchema(
    "quota",
    labels=LABELS,
    fields={name: spec.name for name, spec in zip(FIELDS, METRICS, strict=True)},
    help="One quota of a directory, or a default one: what is used, its limits, and whether they were hit (1) or not (0).",
)
PERSONA_SCHEMA = RecordSchema(
    "persona_quota",
    labels=PERSONA_LABELS,
    fields={name: spec.name for name, spec in zip(FIELDS, PERSONA_METRICS, strict=True)},
    help="One quota of a user or a group; `persona` is its id, such as UID:2001.",
)
