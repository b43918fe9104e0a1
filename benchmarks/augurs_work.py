"""Forecasts one series with augurs from several days; runs in the peers' own environment, without our modules.

`python augurs_work.py QUESTION`: reads {"values", "origins", "horizon"} as JSON and prints a list of forecasts, one per
origin, from up to two years before it: MSTL with weeks and an automatic ETS model, as its documentation has it.
"""

import json
import sys
from pathlib import Path

WEEK, SEEN_DAYS = 7, 730


def main(question: Path) -> None:
    """Print what augurs expects."""
    import augurs  # noqa: PLC0415 - the peers' environment alone has them
    import numpy as np  # noqa: PLC0415

    asked = json.loads(question.read_text())
    values = np.array(asked["values"], dtype=np.float64)
    found = []
    for origin in asked["origins"]:
        model = augurs.MSTL.ets([WEEK])
        model.fit(values[max(0, origin - SEEN_DAYS) : origin])
        found.append(model.predict(asked["horizon"], None).point().tolist())
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
