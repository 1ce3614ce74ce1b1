"""Text that others wrote, as a terminal may show it: one line, of printable letters."""


def shown(text: str) -> str:
    """Return text with all that ends a line, moves the cursor, changes colours or is no UTF-8 escaped."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
