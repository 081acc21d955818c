"""One typed line becomes records: what is sure is found here, what it means is said by the modules (`@reads`)."""
