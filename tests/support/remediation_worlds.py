"""Every world of every remediation. One that is not listed here is not tested, and a test of the catalogue says so."""

from __future__ import annotations

import remediations_clients
import remediations_services
import remediations_storage
import remediations_upkeep
from remediation_world import World

WORLDS: tuple[World, ...] = (
    *remediations_storage.WORLDS,
    *remediations_services.WORLDS,
    *remediations_clients.WORLDS,
    *remediations_upkeep.WORLDS,
)
