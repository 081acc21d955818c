"""Live chat: what strangers are shown of a chat, their conversations, and the bell that rings when something new is there."""
