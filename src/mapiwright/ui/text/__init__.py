"""Lines of text for people: names, values, trees, plans and findings, in the user's language."""
