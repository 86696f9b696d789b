"""The verbs for a workstation as a whole, and its screens."""
