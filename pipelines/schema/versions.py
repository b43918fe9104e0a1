"""The columns that every versioned fact has: two half-open UTC intervals and where the fact was read."""

import dataframely as dy

from pipelines.schema.columns import flag, instant, text


class Version(dy.Schema):
    """[valid_from, valid_to) is when the fact holds, [known_from, known_to) is system time."""

    valid_from = instant("first moment at which the fact holds")
    valid_to = instant("moment from which it no longer holds; NULL while it does", nullable=True)
    known_from = instant("first moment at which the warehouse knew it")
    known_to = instant("moment from which the warehouse knew better; NULL for what is current", nullable=True)
    is_listed = flag("whether the source still prints it; a price stays in force after its row has gone")
    source = text("key of the source in the catalog")
    fetch_id = text("the fetch in raw.fetch whose page shows it")
