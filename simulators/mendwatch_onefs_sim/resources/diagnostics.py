"""cluster/diagnostics/gather: collecting logs for support, which is started, takes a while, and leaves a file."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, PapiError, bad_request
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.operations.bodies import text
from mendwatch_onefs_sim.operations.gathers import NOT_RUNNING, Gather
from mendwatch_onefs_sim.resources.resource import Resource

_GATHER, _PRIVILEGE, _SINCE = "cluster/diagnostics/gather", "ISI_PRIV_SYS_SUPPORT", 3
_FOLDER = "/ifs/data/Isilon_Support/pkg"
#: Versions of the status: the first that lists every gathering, the first that puts all into one object again, and the
#: first that calls the file of each `path`.
_LISTED, _WRAPPED, _PLAIN = 19, 20, 21

_TEXTS = (
    "ftp_upload_host", "ftp_upload_mode", "ftp_upload_pass", "ftp_upload_path", "ftp_upload_proxy", "ftp_upload_ssl_cert",
    "ftp_upload_user", "gather_begin", "gather_past", "group", "http_upload_host", "http_upload_path", "http_upload_proxy",
    "reference",
)  # fmt: skip
_FLAGS = (
    "connectivity", "esrs", "ftp_upload", "ftp_upload_insecure", "ftp_upload_webui_default", "http_insecure_upload", "http_upload",
    "upload",
)  # fmt: skip
_PORTS = ("ftp_upload_proxy_port", "http_upload_proxy_port")
_MODES = ("full", "incremental", "partial")


def _start(cluster: Cluster, call: Call) -> Answer:
    fields = call.body if isinstance(call.body, dict) else {}
    _check(fields)
    gathers = cluster.operations.gathers
    if gathers.active is not None:
        raise PapiError(HTTPStatus.CONFLICT, "AEC_CONFLICT", "A gather is under way; stop it first")
    when = datetime.fromtimestamp(cluster.epoch(call.now), UTC)
    path = f"{_FOLDER}/IsilonLogs-{cluster.hardware.name}-{when:%Y%m%d-%H%M%S}.tgz"
    gathers.begin(path, text(fields, "reference") or f"{len(gathers.all()) + 1}", call.now)
    return Answer(HTTPStatus.CREATED, {})


def _check(fields: dict[str, object]) -> None:
    """Refuse what no gathering can have.

    Raises:
        PapiError: 400 with the field.
    """
    for name, value in fields.items():
        if name not in {*_TEXTS, *_FLAGS, *_PORTS, "gather_mode"}:
            raise bad_request(f"Invalid field: '{name}'", name)
        if value is not None and not isinstance(value, bool if name in _FLAGS else int if name in _PORTS else str):
            raise bad_request(f"Value of '{name}' has the wrong type", name)
    text(fields, "gather_mode", _MODES)


def _stop(cluster: Cluster, _: Call) -> Answer:
    if cluster.operations.gathers.active is None:
        raise PapiError(HTTPStatus.CONFLICT, "AEC_CONFLICT", "No gather is under way")
    cluster.operations.gathers.stop()
    return Answer(HTTPStatus.CREATED, {})


def _present(cluster: Cluster) -> dict[str, object]:
    gathers, every = cluster.operations.gathers, cluster.operations.gathers.all()
    ended = [one for one in every if one is not gathers.active]
    status = {
        "Active_Status": NOT_RUNNING if gathers.active is None else gathers.active.state,
        "Last_Status": ended[-1].state if ended else NOT_RUNNING,
    }
    return {"path": every[-1].path if every else _FOLDER, "status": status}


def _newest(cluster: Cluster, _: Call) -> Answer:
    return Answer(body={"gather": _present(cluster)})


def _status(cluster: Cluster, call: Call) -> Answer:
    present = _present(cluster)
    if call.version < _LISTED:
        return Answer(body={"gather": present})
    wanted, file = call.query.words("reference"), "path" if call.version >= _PLAIN else "file_path"
    every = [one for one in cluster.operations.gathers.all() if not wanted or one.reference in wanted]
    found = {"gathers": [_listed(one, file) for one in every], **present}
    return Answer(body={"gather": found} if call.version >= _WRAPPED else found)


def _listed(one: Gather, file: str) -> dict[str, object]:
    return {file: one.path, "reference_id": one.reference, "status": one.state}


DIAGNOSTICS = (
    Resource("GET", _GATHER, _newest, _SINCE, _PRIVILEGE),
    Resource("GET", f"{_GATHER}/status", _status, _SINCE, _PRIVILEGE),
    Resource("POST", f"{_GATHER}/start", _start, _SINCE, _PRIVILEGE),
    Resource("POST", f"{_GATHER}/stop", _stop, _SINCE, _PRIVILEGE),
)
