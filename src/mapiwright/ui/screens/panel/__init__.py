"""The mail Control Panel on the screen."""
