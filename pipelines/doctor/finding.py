"""What one look has found. How it was found stands in the modules beside this one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report. It holds no address of a delivery, no key, and no text of a user's file."""

    area: str
    """versions, settings, sources, machine, inbox, ledger, archive, published or delivery."""
    name: str
    found: str
    remedy: str | None = None
    """What to do; None where all is well."""

    @property
    def is_ok(self) -> bool:
        """Whether there is nothing to do."""
        return self.remedy is None
