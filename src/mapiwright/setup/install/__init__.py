"""Plans that bring a package, keep it as it was installed, and remove it."""
