"""A real SMTP server on 127.0.0.1 that keeps what it was sent, and may refuse or hang at first. For tests only."""

import asyncio
import socket
from collections.abc import Sequence
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from typing import Any, Self

from aiosmtpd.controller import Controller


class MailServer:
    """`with MailServer() as server:` serves until the end of the block. `answers`: first ones; then all is taken."""

    def __init__(self, answers: Sequence[str | float] = ()) -> None:
        """An answer is a line of SMTP, or the seconds for which none comes."""
        self.answers = list(answers)
        self.mails: list[Message] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=_free_port(), ready_timeout=30)

    @property
    def address(self) -> str:
        """The address of the server for COSTS_ALERT_URLS."""
        return f"mailto://127.0.0.1:{self._controller.port}?from=costs@example.org&to=team@example.org"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep a mail, or answer as told."""
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return "451 too late"
        if answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content))
        return answer

    def subjects(self) -> list[str]:
        """Of the mails that were taken, in their order."""
        return [str(make_header(decode_header(mail["Subject"]))) for mail in self.mails]

    def texts(self) -> list[str]:
        """The plain text of each."""
        return [_text(mail) for mail in self.mails]

    def __enter__(self) -> Self:
        """Start to serve."""
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._controller.stop()


def _free_port() -> int:
    """Aiosmtpd asks its own port whether it is there, and so has to know it."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _text(mail: Message) -> str:
    parts = [part for part in mail.walk() if part.get_content_type() in ("text/plain", "text/html")]
    payload = parts[0].get_payload(decode=True)
    return payload.decode() if isinstance(payload, bytes) else ""
