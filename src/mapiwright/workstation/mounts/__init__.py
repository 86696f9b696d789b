"""The registry of a workstation as hives side by side, each mounted where Windows shows it."""
