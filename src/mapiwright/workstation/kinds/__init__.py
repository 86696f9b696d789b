"""The kinds of workstation: an offline Windows, one bare hive, memory; and which of them a URI names."""
