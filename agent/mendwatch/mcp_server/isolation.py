"""Loads fastmcp without letting it read its surroundings.

While it is imported, fastmcp reads `FASTMCP_*` variables and a `.env` file in the current folder, and installs log handlers
of its own. None of that may change what this server does: a stray variable could turn masking of errors off, and a wrong
one would end the agent. So the variables are hidden for the moment of the import, and the settings that are read later are
set by code. The environment is as before afterwards.
"""

from __future__ import annotations

import os

_PREFIX = "FASTMCP_"
#: In force while fastmcp is imported.
_DURING_IMPORT = {
    "FASTMCP_ENV_FILE": os.devnull,
    "FASTMCP_LOG_ENABLED": "false",
    "FASTMCP_ENABLE_RICH_LOGGING": "false",
    "FASTMCP_DEPRECATION_WARNINGS": "false",
}
#: In force for good, also where somebody imported fastmcp before us.
_BY_CODE: dict[str, object] = {
    "mask_error_details": True,
    "strict_input_validation": True,
    "show_server_banner": False,
    "check_for_updates": "off",
    "debug": False,
    "http_allowed_hosts": None,
    "http_allowed_origins": None,
}


def load() -> None:
    """Import fastmcp with its variables hidden, and settle its settings."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.upper().startswith(_PREFIX)}
    os.environ.update(_DURING_IMPORT)
    try:
        import fastmcp  # noqa: PLC0415 - the point of this module: only here, and only now
    finally:
        for name in _DURING_IMPORT:
            os.environ.pop(name, None)
        os.environ.update(hidden)
    for name, value in _BY_CODE.items():
        fastmcp.settings.set_setting(name, value)
