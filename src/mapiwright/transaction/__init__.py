"""The only floor that writes to a workstation: plans, journal, receipts, recovery and undo."""
