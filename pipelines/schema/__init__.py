"""One declaration per table: columns, types, units, meaning and row rules.

Everything else that needs to know a table (DuckDB DDL and COMMENTs, polars schemas, Great Expectations
suites, Dagster column metadata, the data dictionary) is derived from these classes. Nothing here reads or
writes data, and nothing here imports another package of the project.
"""
