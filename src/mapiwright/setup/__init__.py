"""A service comes and goes: packages, installs, publications and trials."""
