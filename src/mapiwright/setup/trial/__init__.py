"""Trials that write nothing: a package on every kind of Outlook, a library in a scratch profile."""
