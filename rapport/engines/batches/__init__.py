"""The batches engine: one thing done to many records in portions, with progress, a way to stop, and one Undo for all."""
