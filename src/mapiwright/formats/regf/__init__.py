"""Registry hives (regf): how they are stored, and reading them."""
