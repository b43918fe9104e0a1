"""Usage logs -> rows of the ledger, by way of one engine for all formats.

A file on disk -> what it is (`file_format`) -> pieces of it: lines, records of a document, rows of a table
(`file_content`, `line_tables`, `json_document`, `delimited`) -> records, one column of text per field (`records`,
`json_fields`) -> checked rows and rejects (`contract`, `rejects`) -> one row per id (`identity`, `dedup`) -> batches
(`read_files`, `batches`) -> ledger and warehouse (`import_files`, the only module here that touches them).

A format is a declaration (`importer`, `fields`, `formats/`): docs/adding_a_usage_format.md. What usage costs does not
belong here.
"""
