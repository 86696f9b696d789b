"""What a transaction writes down on the workstation: journal, log, receipts, and where they are kept."""
