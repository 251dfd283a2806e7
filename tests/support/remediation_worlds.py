"""Every world of every remediation. A table that is not listed here is not tested, and a test of the catalogue says so."""

from __future__ import annotations

import remediations_storage
from remediation_world import World

WORLDS: tuple[World, ...] = (*remediations_storage.WORLDS,)
