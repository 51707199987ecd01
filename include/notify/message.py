"""A mail with a plain text and an HTML part, from two templates of the same name."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

# They would turn the words around them the other way.
_DIRECTION_MARKS = dict.fromkeys(
    [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)


def compose(template: str, subject: str, recipients: Sequence[str], **context: Any) -> EmailMessage:
    """Fill ``templates/<template>.txt`` and ``.html``; the sender is added when it is sent.

    Whatever a value holds, it stays on its line: it can neither add a header nor look like a line
    of ours. In the HTML part it is escaped as well.
    """
    message = EmailMessage()
    message["Subject"] = one_line(subject)
    message["To"] = ", ".join(recipients)
    message["Auto-Submitted"] = "auto-generated"  # no holiday replies, please
    for subtype, suffix in (("plain", "txt"), ("html", "html")):
        part = _templates(suffix).get_template(f"{template}.{suffix}").render(context)
        if subtype == "plain":
            message.set_content(part, cte="quoted-printable")
        else:
            message.add_alternative(part, subtype=subtype, cte="quoted-printable")
    return message


def one_line(text: str) -> str:
    """``text`` on one line: line ends as ⏎, no control characters, no direction marks."""
    lines = text.encode("utf-8", "backslashreplace").decode().splitlines()
    return "".join(
        " " if unicodedata.category(character) == "Cc" else character
        for character in " ⏎ ".join(lines).translate(_DIRECTION_MARKS)
    )


@cache
def _templates(suffix: str) -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=suffix == "html",  # noqa: S701 - plain text has nothing to escape
        undefined=StrictUndefined,
        finalize=_keep_on_line,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _keep_on_line(value: Any) -> Any:
    return one_line(value) if isinstance(value, str) and not isinstance(value, Markup) else value
