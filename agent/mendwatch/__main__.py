"""`python -m mendwatch` is the command `mendwatch`."""

from __future__ import annotations

from mendwatch.cli.app import main

if __name__ == "__main__":
    main()
