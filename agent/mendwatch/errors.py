"""The error tree: what can go wrong, what to do about it, and whether to try again.

MendwatchError
    TargetError                 raised by providers; the type tells the core when to try again
        Unreachable             nothing answers: stand by 4, 16, 64, 256, 1024 s
        Throttled               the target asks for patience: wait as long as it says
        AuthenticationFailed    wrong credential: one try an hour, so that no account is locked out
        Denied                  a privilege is missing: that collector rests an hour
        Unsupported             this release has no such endpoint: that collector rests an hour
        BadAnswer               the answer makes no sense: counted, next round
        OverBudget              more series than the collector may give: nothing of it is taken, next round
    UserError                   the person gave something wrong; the command ends with exit code 2
        ConfigurationError      the configuration file, with file and line
        ContentError            a rule, a remediation or a template, with file and line
    Refused                     a request that the rules of approval or of states forbid; nothing was changed
        NotFound                no such run, token or target
    ExecutionError              a playbook could not be started or gave no result
    StoreError                  the state database does not answer; no decision is taken without it

Every error has a hint: what the reader can do now. Callers raise them with `from` the library's
error; above the boundary where that happens only these types exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Told(Protocol):
    """One of several faults that an error tells at once: its place, what is wrong, and what to do (or nothing)."""

    @property
    def where(self) -> str:
        """Its place, such as file:line:column."""
        ...

    @property
    def message(self) -> str:
        """What is wrong there."""
        ...

    @property
    def hint(self) -> str:
        """What to do."""
        ...


class MendwatchError(Exception):
    """The root of all errors that mendwatch raises on purpose."""

    #: What to do when the one who raises has nothing better to say.
    default_hint = "See docs/troubleshoot.md; report this message if it is not there."

    def __init__(self, message: str, *, hint: str | None = None, faults: Sequence[Told] = ()) -> None:
        super().__init__(message)
        self.hint = hint or self.default_hint
        #: The single faults, where the message is a line for each of them.
        self.faults = tuple(faults)

    @property
    def code(self) -> str:
        """A stable word for metrics and JSON: the class name in snake case."""
        name = type(self).__name__
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class TargetError(MendwatchError):
    """A target could not be read; the subclass tells what the core does next."""


class Unreachable(TargetError):
    """Nothing answers at the address, or what answers cannot be trusted (TLS)."""

    default_hint = "Check the address, the port, the firewall and the certificate authority of this target."


class Throttled(TargetError):
    """The target asked for fewer requests.

    `after` is in seconds and comes from Retry-After where the target sent one.
    """

    default_hint = "Nothing to do: the agent waits as long as the target asked. Raise the intervals if this repeats."

    def __init__(self, message: str, *, after: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.after = after


class AuthenticationFailed(TargetError):
    """The target refused the user name or the password."""

    default_hint = "Correct the credential in the configuration; the agent tries again once an hour."


class Denied(TargetError):
    """The account may log in but lacks a privilege."""

    default_hint = "Grant the account the privilege that the message names."


class Unsupported(TargetError):
    """The target's release has no such endpoint."""

    default_hint = "Nothing to do: this release does not offer what the collector reads."


class BadAnswer(TargetError):
    """The target answered something that cannot be understood."""

    default_hint = "If this repeats, record the answer and report it; the last good values expire by themselves."


class OverBudget(TargetError):
    """A poll gave more series than its collector may give; nothing of it was taken."""

    default_hint = "Raise `budget` of this collector in the configuration, or have it read less."


class UserError(MendwatchError):
    """What the person gave cannot be used."""


class ConfigurationError(UserError):
    """The configuration cannot be used."""

    default_hint = "See docs/configure.md for every field and its default."


class ContentError(UserError):
    """A rule, a remediation or a template cannot be used."""

    default_hint = "Run `mendwatch check` to see all faults of the shipped and your own content."


class Refused(MendwatchError):
    """The request was understood and is not allowed; nothing was changed."""

    default_hint = "Read the run again with `mendwatch runs show`: its state or its plan may have changed."


class NotFound(Refused):
    """There is no such thing."""

    default_hint = "List what there is first; identifiers are case-sensitive."


class ExecutionError(MendwatchError):
    """A playbook could not be started, or ended without a result."""

    default_hint = "Read the agent's log and the run's note in `mendwatch runs show`."


class StoreError(MendwatchError):
    """The state database does not answer."""

    default_hint = "Check the `state` URL, the disk space and the permissions of the state folder."
