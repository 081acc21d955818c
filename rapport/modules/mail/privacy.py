"""Personal data in messages: what is about an erased person goes; what is said about a merged one moves."""

from __future__ import annotations

from rapport.engines.duplicates.registry import register_holder
from rapport.engines.privacy.registry import DELETE, on_erasure

for _key in ("mail", "mail_subject", "mail_text", "mail_file", "mail_person"):
    on_erasure(_key, DELETE)

# A merged customer keeps what was said about sharing their mail.
register_holder("mail.MailSharing", "about_id", same=("mailbox_id",))
