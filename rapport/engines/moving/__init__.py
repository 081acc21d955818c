"""A whole workspace as one file of open formats, and back in: to another machine, another database, or beside itself."""
