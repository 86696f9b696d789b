"""The mail Control Panel without a screen: what it shows, and the plan of each action."""
