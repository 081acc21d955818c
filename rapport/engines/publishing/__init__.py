"""Publishing: texts that people outside may read stand on a shelf, apart from the records they were written in."""
