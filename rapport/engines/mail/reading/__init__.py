"""Reading one message: any bytes become a plain `Message`, and nothing that stands in them can do harm or raise."""

from __future__ import annotations

from rapport.engines.mail.reading.message import Address, Attachment, Message, Report
from rapport.engines.mail.reading.parse import read_message

__all__ = ["Address", "Attachment", "Message", "Report", "read_message"]
