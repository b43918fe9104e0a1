"""The word for no known account: a name only, so that it costs nothing to import. Its column is in `columns`."""

DEFAULT_ACCOUNT = "default"
"""Where neither the file, its folder nor `--account` names one, so that nothing has to be configured."""
