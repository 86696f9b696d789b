"""What is known of a service's code before it is called: its contract, its record, its pages."""
