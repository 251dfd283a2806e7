"""`mendwatch token`: who may ask over MCP, and what; and who may deliver alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from mendwatch.cli import output
from mendwatch.cli.context import ConfigOption, JsonOption, person, with_store
from mendwatch.clock import SystemClock
from mendwatch.config.durations import parse_duration
from mendwatch.errors import UserError
from mendwatch.model.principals import Role, Token
from mendwatch.store.interface import Store


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(
        help="Create, list and revoke the tokens of MCP clients and of programs that deliver alerts.", no_args_is_help=True
    )
    group.command("create")(create)
    group.command("list")(list_tokens)
    group.command("revoke")(revoke)
    app.add_typer(group, name="token")


def create(
    name: Annotated[
        str | None,
        typer.Option(help="Who or what will use it; it stands in the audit. Default: you and the role.", show_default=False),
    ] = None,
    role: Annotated[
        Role,
        typer.Option(help="viewer reads, operator proposes, approver decides, auditor reads the audit, source delivers alerts."),
    ] = Role.VIEWER,
    expires: Annotated[str, typer.Option(help="How long it is valid, such as 30d.")] = "90d",
    whose: Annotated[
        str | None,
        typer.Option("--person", help="Whose it is: all tokens of a person are one voice. Default: you.", show_default=False),
    ] = None,
    config: ConfigOption = None,
    *,
    model: Annotated[bool, typer.Option("--model", help="A language model or a program holds it: it never decides.")] = False,
    json: JsonOption = False,
) -> None:
    """Create a token and show its secret, this once.

    Give a language model the role viewer, and say --model: such a token never decides. A model that holds the token of an approver
    can decide in that person's name.
    """
    until = SystemClock().now() + _lifetime(expires)

    async def work(store: Store) -> tuple[Token, str]:
        named = name or f"{person().name}-{role}"
        holder = "" if model else whose or person().name
        return await store.tokens.create(named, role, expires_at=until, actor=person().actor, person=holder, model=model)

    token, secret = with_store(config, work)
    if json:
        output.as_json(
            {
                "id": token.id,
                "name": token.name,
                "role": token.role,
                "expires_at": token.expires_at,
                "person": token.person,
                "model": token.model,
                "secret": secret,
            }
        )
        return
    output.line(f"token {token.id} for {token.name}, role {token.role}, valid until {output.moment(token.expires_at)}")
    output.line(f"secret (shown this once): {secret}")


def list_tokens(config: ConfigOption = None, *, json: JsonOption = False) -> None:
    """List tokens; never their secrets."""

    async def work(store: Store) -> list[Token]:
        return list(await store.tokens.list())

    tokens = with_store(config, work)
    if json:
        output.as_json(tokens)
        return
    output.table(
        ("ID", "NAME", "ROLE", "PERSON", "CREATED", "EXPIRES", "REVOKED"),
        (
            (t.id, t.name, t.role, "a model" if t.model else t.person or t.name, t.created_at, t.expires_at, t.revoked_at)
            for t in tokens
        ),
        empty="no tokens yet; create one with `mendwatch token create`",
    )


def revoke(
    token: Annotated[str, typer.Argument(help="The token's id.")], config: ConfigOption = None, *, json: JsonOption = False
) -> None:
    """End a token now."""

    async def work(store: Store) -> Token:
        return await store.tokens.revoke(token, actor=person().actor)

    ended = with_store(config, work)
    if json:
        output.as_json(ended)
        return
    output.line(f"token {ended.id} of {ended.name} is revoked")


def _lifetime(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as problem:
        raise UserError(f"--expires: {problem}", hint="Write 12h, 30d or 1y.") from problem
