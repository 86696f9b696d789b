"""Plans that install a package, keep it as it was installed, and remove it."""
