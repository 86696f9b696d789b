"""Outlook profile files (.PRF): what they mean, what is wrong with them, and how one is written."""
