"""The privacy engine: everything known about a person, to hand out, and to erase."""
