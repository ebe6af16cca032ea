"""What is wrong with a file, and how do messages say it?"""


class DataError(Exception):
    """A file that cannot be used; the text says where (file:line, column) and why."""


def listed(names, most=8):
    return ", ".join(repr(name) for name in names[:most]) + (", …" if len(names) > most else "")


def shown(value):
    """A value as a file has it."""
    return {True: "True", False: "False"}[value] if isinstance(value, bool) else str(value)


def counted(number, word):
    return f"{number} {word}" if number == 1 else f"{number} {word}es" if word.endswith("s") else f"{number} {word}s"


def it_has(header):
    """The end of a sentence about a column that is not there."""
    return f"; it has {listed([name for name in header if name])}" if any(header) else ""
