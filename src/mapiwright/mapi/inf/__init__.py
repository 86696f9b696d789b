"""MAPISVC.INF: what it means, what is wrong with it, and how a fragment is merged into it."""
