"""What a person walks through, without a screen: the Profile Wizard, the Control Panel, the doctor."""
