"""Profiles: their values, the verbs that change them, and how they lie in the registry."""
