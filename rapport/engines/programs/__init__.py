"""What programs that use the API can rely on: an answer is kept for repeats, and one writer at a time works on a key."""
