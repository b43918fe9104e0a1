"""Who may read what a process writes: a warehouse tells what people and teams spend."""

import os


def make_private() -> None:
    """Give every file and folder that this process makes to its user alone (0600, 0700). Those that exist stay."""
    os.umask(0o077)
