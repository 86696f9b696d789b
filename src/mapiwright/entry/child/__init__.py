"""What runs beside a guest, in a process of its own: standard library only, so that any interpreter can run it."""
