"""The JSON documents of the command line, and the reports that are text and JSON alike."""
