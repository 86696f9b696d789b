"""The process in which a guest runs: standard library only, so that any interpreter can run it."""
