"""The mail engine: messages read from bytes, mailboxes fetched, and what goes out."""
