"""The company's own words: fields, calculated fields, record types, and packs of them."""
