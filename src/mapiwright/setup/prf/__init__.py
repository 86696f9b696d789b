"""A PRF file as a plan for the users of a workstation."""
