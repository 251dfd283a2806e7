"""The privileges of OneFS that its resources need: what each is called, and which part of the API it opens.

The addresses are the first part of the paths that a privilege guards; names and categories are in our own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Without this privilege nothing of the API answers.
LOGIN = "ISI_PRIV_LOGIN_PAPI"

#: What a privilege permits: to read, to read and execute, or to read, execute and write.
PERMISSIONS = ("r", "x", "w")


@dataclass(frozen=True, slots=True)
class Privilege:
    """One privilege. `uri` is the beginning of the paths that it guards, below /platform/<version>; empty if it guards none."""

    id: str
    name: str
    category: str
    uri: str
    permission: str = "w"


def _of(*rows: tuple[str, str, str]) -> Iterable[Privilege]:
    for name, category, uri in rows:
        yield Privilege(f"ISI_PRIV_{name}", name.replace("_", " ").title().replace(" ", ""), category, uri)


_LOGINS = (
    Privilege("ISI_PRIV_LOGIN_CONSOLE", "Console", "Login", "", "r"),
    Privilege(LOGIN, "Platform API", "Login", "", "r"),
    Privilege("ISI_PRIV_LOGIN_SSH", "SSH", "Login", "", "r"),
)

_GUARDS = tuple(
    _of(
        ("ANTIVIRUS", "Configuration", "/antivirus"),
        ("AUDIT", "Configuration", "/audit"),
        ("AUTH", "Security", "/auth"),
        ("CERTIFICATE", "Security", "/certificate"),
        ("CLOUDPOOLS", "File access", "/cloud"),
        ("CLUSTER", "Configuration", "/cluster"),
        ("CONFIGURATION", "Configuration", "/config"),
        ("DATAMOVER", "Backup", "/datamover"),
        ("DEVICES", "Hardware", "/cluster/nodes"),
        ("EVENT", "Monitoring", "/event"),
        ("FILE_FILTER", "File access", "/file-filter"),
        ("FTP", "File access", "/protocols/ftp"),
        ("HARDENING", "Security", "/hardening"),
        ("HDFS", "File access", "/protocols/hdfs"),
        ("HTTP", "File access", "/protocols/http"),
        ("JOB_ENGINE", "Configuration", "/job"),
        ("LICENSE", "Configuration", "/license"),
        ("MONITORING", "Monitoring", "/monitoring"),
        ("NDMP", "Backup", "/protocols/ndmp"),
        ("NETWORK", "Network", "/network"),
        ("NFS", "File access", "/protocols/nfs"),
        ("NTP", "Network", "/protocols/ntp"),
        ("PERFORMANCE", "Monitoring", "/performance"),
        ("QUOTA", "File system", "/quota"),
        ("REMOTE_SUPPORT", "Support", "/esrs"),
        ("ROLE", "Security", "/auth/roles"),
        ("S3", "File access", "/protocols/s3"),
        ("SMARTPOOLS", "File system", "/storagepool"),
        ("SMB", "File access", "/protocols/smb"),
        ("SNAPSHOT", "File system", "/snapshot"),
        ("SNMP", "Monitoring", "/protocols/snmp"),
        ("STATISTICS", "Monitoring", "/statistics"),
        ("SWIFT", "File access", "/protocols/swift"),
        ("SYNCIQ", "Backup", "/sync"),
        ("SYS_SUPPORT", "Support", "/cluster/diagnostics"),
        ("SYS_TIME", "Configuration", "/cluster/time"),
        ("SYS_UPGRADE", "Configuration", "/upgrade"),
        ("WORM", "File system", "/worm"),
    )
)

#: Every privilege by its id.
PRIVILEGES: Mapping[str, Privilege] = MappingProxyType({privilege.id: privilege for privilege in (*_LOGINS, *_GUARDS)})


def word_of(privilege: str) -> str:
    """Give what an error calls a privilege, also one that is not in the table."""
    return privilege.removeprefix("ISI_PRIV_").capitalize()
