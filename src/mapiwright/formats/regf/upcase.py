"""Upper case as Windows has it, which is not as Unicode or Python have it."""


def upcase(text: str) -> str:
    """STUB until the table is embedded: one UTF-16 unit to one UTF-16 unit."""
    return "".join(up if len(up := c.upper()) == 1 else c for c in text)
