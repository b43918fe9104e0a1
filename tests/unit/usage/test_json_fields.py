"""The names in a record, by which formats are recognised."""

from pipelines.usage.json_fields import names_of


def test_keys_of_attributes_are_names():
    record = {"spans": [{"attributes": [{"key": "llm.model_name", "value": {"stringValue": "m"}}]}]}
    assert "spans[].attributes[]:llm.model_name" in names_of(record)
    assert names_of({"key": "x"}) == {"key"}
    assert names_of({"tags": [{"key": 1, "value": 2}]}) == {"tags", "tags[].key", "tags[].value"}
