"""Properties: their tags, their names in the documents, and how people write them."""
