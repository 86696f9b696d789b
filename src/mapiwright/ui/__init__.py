"""Who asks: the only floor that prints."""
