"""The documented interfaces of administration, over one user of one workstation."""
