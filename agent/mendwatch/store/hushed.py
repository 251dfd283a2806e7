"""Silences as values: how one is made and ended, and what the audit says of it. It knows no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mendwatch.errors import NotFound, UserError
from mendwatch.model.silences import NewSilence, Silence
from mendwatch.store import ids
from mendwatch.store.chain import Fact


def made(new: NewSilence, now: datetime) -> Silence:
    """Give a new silence. Whether its matchers can be read is asked before.

    Raises:
        UserError: it silences nothing, or nobody can tell later why it was there.
    """
    if not any(matcher.strip() for matcher in new.matchers):
        raise UserError("a silence needs a matcher", hint='Name what it is about, such as cluster="prod-1".')
    if not new.comment.strip() or not new.author.strip():
        raise UserError("a silence needs an author and a comment", hint="Say why, for those who come later.")
    if new.ends_at <= max(new.starts_at, now):
        raise UserError(f"a silence cannot end at {new.ends_at}: that is before it begins, or over", hint="Give a later end.")
    return Silence(
        ids.silence_id(), new.matchers, new.starts_at, new.ends_at, author=new.author, comment=new.comment, created_at=now
    )


def over(silence: Silence, now: datetime) -> bool:
    """Tell whether a silence is over."""
    return silence.ends_at <= now


def ended(silence: Silence, now: datetime) -> Silence:
    """Give the silence after its end; one that was over keeps its end."""
    return silence if over(silence, now) else replace(silence, ends_at=now)


def added_fact(silence: Silence, actor: str) -> Fact:
    """Give the audit row of a new silence."""
    detail = {"matchers": silence.matchers, "starts_at": silence.starts_at, "ends_at": silence.ends_at}
    return Fact(actor, "silence.added", silence.id, {**detail, "author": silence.author, "comment": silence.comment})


def expired_fact(before: Silence, after: Silence, actor: str) -> Fact:
    """Give the audit row of an early end."""
    detail = {"matchers": after.matchers, "ended_at": after.ends_at, "would_have_ended_at": before.ends_at}
    return Fact(actor, "silence.expired", after.id, detail)


def unknown(silence_id: str) -> NotFound:
    """Give what is said of a silence that is not there."""
    return NotFound(f"there is no silence {ids.shown(silence_id)}", hint="See `mendwatch silence list --all`.")
