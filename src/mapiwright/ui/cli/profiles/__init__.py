"""The verbs that show and edit profiles."""
