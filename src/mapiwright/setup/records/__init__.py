"""What the receipts of a workstation say: what is installed, what waits, what a package owns."""
