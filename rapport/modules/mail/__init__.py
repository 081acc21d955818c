"""The mail module: messages as records, in the stories of the people they went to."""
