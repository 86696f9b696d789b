"""The same screens in a browser, served on this computer."""
