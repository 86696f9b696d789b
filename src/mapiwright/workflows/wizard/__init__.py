"""The Profile Wizard without a screen: its pages, its answers, and the plan that it ends with."""
