"""The vendor's SDK as a client of the simulator, in the package of one release."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mendwatch_onefs_sim.server import Simulator


@contextmanager
def sdk_client(release: str, simulator: Simulator) -> Iterator[tuple[Any, Any]]:
    """Give the package and an ApiClient of the account that writes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's own, at import
        sdk = importlib.import_module(f"isilon_sdk.{release}")
    configuration = sdk.Configuration()
    configuration.host = simulator.url
    configuration.username, configuration.password = "remediate", simulator.accounts["remediate"]
    configuration.ssl_ca_cert = str(simulator.ca_file)
    api = sdk.ApiClient(configuration)
    try:
        yield sdk, api
    finally:
        api.rest_client.pool_manager.clear()
