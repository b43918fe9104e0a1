"""Kill -9 at random moments, many times, beside a reader: `python -m tools.crash_test --kills 300`.

The steps of a run work on a folder of their own. One program after the other is killed in each operation; in the end
the tables have to be those of a run that nothing disturbed, and no reader may have seen anything but whole states.
"""
