"""Registry hives (regf): read, edited, written and validated."""
