"""The doctor and the support bundle: what a workstation is, and what is wrong with it."""
