"""The kernel: records, fields, queries, access, changes, actions. It knows no customer from a ticket."""
