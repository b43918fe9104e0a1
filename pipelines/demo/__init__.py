"""What the demo runs on: recorded pages of five dates and sample usage. Serving and replaying them is another module.

Pages lie at pages/<date>/<host>/<path>, as a loopback server serves them at http://127.0.0.1:<port>/<host>/<path>.
They are cut down to what the parsers read. Every page exists for the first date; later dates hold only the pages that
differ, and a page that is absent for a date is served from the latest earlier date.
"""

from datetime import date
from pathlib import Path, PurePosixPath

PAGES = Path(__file__).parent / "pages"
DATES = (date(2026, 7, 29), date(2026, 7, 31), date(2026, 8, 22), date(2026, 9, 29), date(2026, 10, 10))


def page_for(on: date, path: str) -> Path | None:
    """The recorded file of "<host>/<path>" as it was on a date: the latest one at or before it, None if there is none.

    A path that is absolute or climbs with ".." is None: the server passes on what a request asks for.
    """
    asked = PurePosixPath(path)
    if asked.is_absolute() or ".." in asked.parts:
        return None
    found = (PAGES / day.isoformat() / asked for day in reversed(DATES) if day <= on)
    return next((file for file in found if file.is_file()), None)
