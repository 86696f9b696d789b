"""A public directory with a package, its setup program, its sums and its signature; and the code that reads one."""
