"""Calling a service's own code, as an effect of a transaction."""
