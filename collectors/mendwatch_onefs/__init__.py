"""Dell PowerScale (OneFS): the client and one file per aspect."""

from __future__ import annotations

from mendwatch.provider import Provider
from mendwatch_onefs.provider import OneFSProvider

#: What the agent finds by the entry point.
PROVIDER: Provider = OneFSProvider()
