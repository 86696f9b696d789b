"""The interfaces that a compiled service meets in the child process; standard library only."""
