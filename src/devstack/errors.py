"""What the embedded stack says when it cannot go on."""

import errno


class StackError(Exception):
    """One line for the person at the terminal: what is wrong and what to do about it."""


class StopRequested(BaseException):
    """Ctrl-C, SIGTERM or SIGHUP reached the supervisor. A BaseException, so that no `except Exception` eats it."""


def from_os_error(error: OSError) -> StackError:
    """Turn a failed file operation into one line; a full disk is named as such."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StackError(f"The disk is full ({error.filename or 'no path'}): free some space and start again.")
    return StackError(f"{error.strerror or error} ({error.filename or 'no path'}).")
