"""What may become of a workstation: changes, effects, and the plan that orders them. Data only."""
