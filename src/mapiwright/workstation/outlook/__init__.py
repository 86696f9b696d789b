"""What a workstation has of Windows and Outlook: rules over registry and files, as tables."""
