"""The processes that call a service's code, and what they answer."""
