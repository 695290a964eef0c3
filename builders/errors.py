"""What goes wrong for a reason that the user can mend: one sentence, and what to do next."""


class IEPileError(Exception):
    """The command line prints its message and exits with 1; `--debug` adds the traceback."""


class FormatError(IEPileError):
    """A file that cannot be read as what it should be; the message opens with `file:line`."""


class LabelError(IEPileError):
    """A label, tag or role that a source's module gives no name."""
