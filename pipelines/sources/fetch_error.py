"""The one way in which a fetch fails. Why it did is for `fetch`, `robots` and `api_key` to say."""


class FetchError(Exception):
    """No usable answer. The message is one line without secrets; `status` is the HTTP status where one came."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
