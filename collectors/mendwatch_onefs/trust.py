"""Whom to believe: the TLS setting of one cluster's connections. There is no way to switch verification off."""

from __future__ import annotations

import ssl
from typing import Literal

from aiohttp import Fingerprint

from mendwatch.errors import Unreachable
from mendwatch_onefs.options import OneFSOptions


def trust(options: OneFSOptions) -> ssl.SSLContext | Fingerprint | Literal[True]:
    """Give aiohttp's `ssl` argument. Reads the CA file, so that a renewed one is taken by the next line.

    The system's store is aiohttp's own verifying context, read once when it is imported: it takes 20 ms, and is the same for all.

    Raises:
        Unreachable: the CA file cannot be used.
    """
    if options.fingerprint:
        return Fingerprint(bytes.fromhex(options.fingerprint))
    if options.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=options.ca_file)
    except (OSError, ssl.SSLError) as problem:
        raise Unreachable(
            f"the ca_file {options.ca_file} cannot be used: {problem.strerror or problem}",
            hint="It must be a readable PEM file with at least one certificate.",
        ) from problem
