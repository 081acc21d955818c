"""The calendar engine: what stands when, for whom; moving it; calendar files out and in."""
