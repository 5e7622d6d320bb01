"""What can go wrong, in a handful of kinds that a caller can tell apart.

Every message names the file, row and column where that makes sense, and says what would be right. The command line
prints it in one line and exits with a code of its own; a traceback is a defect.
"""

from __future__ import annotations

__all__ = ["ContractError", "DownloadError", "InputError", "MatcareError", "OutputError", "SnapshotError"]


class MatcareError(Exception):
    """Base of every error that matcare raises on purpose.

    Attributes
    ----------
    exit_code : int
        The exit status of the command line when this error ends it.
    """

    exit_code = 1


class InputError(MatcareError, ValueError):
    """A user's file or option is not usable; the message says where and what would be right."""

    exit_code = 2


class ContractError(InputError):
    """A table breaks its contract: a column is missing, or a value is outside what the contract allows."""

    exit_code = 3


class SnapshotError(MatcareError):
    """The embedded data are missing, damaged or of another version."""

    exit_code = 4


class DownloadError(MatcareError):
    """A publisher's file could not be fetched or is not the file that the catalog describes."""

    exit_code = 5


class OutputError(MatcareError, OSError):
    """An output could not be written; whatever stood there before is intact."""

    exit_code = 6
