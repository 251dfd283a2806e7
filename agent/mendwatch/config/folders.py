"""What lies below a folder while others may be changing it: what goes away in the middle of a look was not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def below(folder: Path) -> Iterator[Path]:
    """Give every folder and file below a folder, in no order.

    Folders whose names begin with a dot are left out with all that they hold: so a volume of Kubernetes, where each file is a link
    into such a folder, has every file once.
    """
    for name, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if not one.startswith(".")]
        yield from (Path(name, one) for one in (*folders, *files))
