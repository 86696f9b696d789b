"""The transaction logs of a hive: reading them, and replaying them over the hive."""
