"""Every resource of what runs on the cluster besides its file system."""

from __future__ import annotations

from mendwatch_onefs_sim.resources.diagnostics import DIAGNOSTICS
from mendwatch_onefs_sim.resources.healthchecks import HEALTHCHECKS
from mendwatch_onefs_sim.resources.jobs import JOBS
from mendwatch_onefs_sim.resources.performance import PERFORMANCE
from mendwatch_onefs_sim.resources.placement import PLACEMENT
from mendwatch_onefs_sim.resources.protocols import PROTOCOLS
from mendwatch_onefs_sim.resources.time_servers import TIME_SERVERS

OPERATIONS = (*JOBS, *HEALTHCHECKS, *PROTOCOLS, *PLACEMENT, *TIME_SERVERS, *DIAGNOSTICS, *PERFORMANCE)
