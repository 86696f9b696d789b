"""The screens of the Profile Wizard and the Control Panel, drawn by Textual."""
