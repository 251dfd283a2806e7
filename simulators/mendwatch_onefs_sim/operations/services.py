"""The global settings of the protocols, among them whether each is switched on, and the services of the nodes."""

from __future__ import annotations

from collections.abc import Mapping

from mendwatch_onefs_sim.answers import bad_request
from mendwatch_onefs_sim.operations.bodies import fields_of

_SMB = {
    "access_based_share_enum": False,
    "audit_fileshare": "none",
    "audit_logon": "none",
    "dot_snap_accessible_child": True,
    "dot_snap_accessible_root": True,
    "dot_snap_visible_child": False,
    "dot_snap_visible_root": True,
    "enable_security_signatures": False,
    "guest_user": "nobody",
    "ignore_eas": False,
    "onefs_cpu_multiplier": 4,
    "onefs_num_workers": 0,
    "reject_unencrypted_access": True,
    "require_security_signatures": False,
    "server_side_copy": True,
    "server_string": "PowerScale Server",
    "service": True,
    "srv_cpu_multiplier": 4,
    "srv_num_workers": 0,
    "support_multichannel": True,
    "support_netbios": False,
    "support_smb1": False,
    "support_smb2": True,
    "support_smb3_encryption": False,
}
_NFS = {
    "nfs_rdma_enabled": False,
    "nfsv3_enabled": True,
    "nfsv3_rdma_enabled": False,
    "nfsv40_enabled": False,
    "nfsv41_enabled": True,
    "nfsv42_enabled": False,
    "nfsv4_enabled": True,
    "rpc_maxthreads": 16,
    "rpc_minthreads": 16,
    "rquota_enabled": False,
    "service": True,
}
_S3 = {"http_port": 9020, "https_only": False, "https_port": 9021, "service": True}

#: The services of every node that no setting switches.
_ALWAYS = ("isi_cpool_d", "isi_job_d", "isi_stats_d", "lsass")


class Services:
    """Holds the settings of every protocol. `broken` are services of nodes (by logical number) that do not run."""

    def __init__(self) -> None:
        self._settings: dict[str, dict[str, object]] = {"smb": dict(_SMB), "nfs": dict(_NFS), "s3": dict(_S3)}
        self.broken: set[tuple[int, str]] = set()

    def settings(self, protocol: str) -> Mapping[str, object]:
        """Give the settings of a protocol."""
        return self._settings[protocol]

    def on(self, protocol: str) -> bool:
        """Tell whether a protocol is switched on."""
        return self._settings[protocol]["service"] is True

    def switch(self, protocol: str, *, on: bool) -> None:
        """Switch a protocol on or off for the whole cluster."""
        self._settings[protocol]["service"] = on

    def change(self, protocol: str, body: object) -> None:
        """Change settings as a request asks for.

        Raises:
            PapiError: 400 with the field; nothing is changed then.
        """
        settings = self._settings[protocol]
        fields = fields_of(body, settings)
        for name, value in fields.items():
            if type(value) is not type(settings[name]):
                raise bad_request(f"Value of '{name}' is not of type {type(settings[name]).__name__}", name)
        settings.update(fields)

    def of_node(self, lnn: int) -> list[dict[str, object]]:
        """Give the services of a node, as the cluster lists them."""
        names = sorted((*_ALWAYS, *self._settings))
        return [{"name": name, "state": "running" if self._runs(lnn, name) else "stopped"} for name in names]

    def _runs(self, lnn: int, name: str) -> bool:
        return (lnn, name) not in self.broken and (name not in self._settings or self.on(name))
