"""Live chat: what visitors of other sites load and send, and the bell of the people who answer."""
