"""The Profile Wizard on the screen."""
