"""The verbs for packages and message services."""
