"""The frame of the command line: its edge, its targets, and how a verb reads, edits and writes."""
