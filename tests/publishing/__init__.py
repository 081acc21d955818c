"""Articles, the shelf, and the help centre that shows it."""
