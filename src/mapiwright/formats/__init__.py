"""Bytes to values and back: codecs that know no disk; standard library only."""
