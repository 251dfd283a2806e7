"""What alembic runs for each command: the steps, on the connection that `store.upgrade` opened, or as SQL to be read."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
if context.is_offline_mode():
    context.configure(dialect_name=connection.dialect.name, as_sql=True)
else:
    context.configure(connection=connection)
context.run_migrations()
