"""Validate a hive by a reading that shares nothing with reader and writer but upper case."""
