"""Output files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from matcare.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["OutputFolder", "atomic_file"]

_STAGING: Final = ".writing-"
_NEARLY_FULL_BYTES: Final = 20_000_000


def _explain(error: OSError, place: Path) -> OutputError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return OutputError(
            f"{place}: the disk is full; free some space and run again (what stood there before is intact)"
        )
    if error.errno == errno.EFBIG:
        return OutputError(
            f"{place}: a file would exceed the size limit of this account (what stood there before is intact)"
        )
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return OutputError(
            f"{place}: not writable; close the program that has it open, choose another place with --out, or change "
            "its permissions"
        )
    if error.errno in {errno.ENOTDIR, errno.EEXIST}:
        return OutputError(f"{place}: a file stands where the output folder should be; choose another with --out")
    return OutputError(f"{place}: could not be written ({error.strerror or error})")


class OutputFolder:
    """A folder whose files are replaced together, once all of them have been written.

    Use it as a context manager: write to :attr:`staging`; on a clean exit every file is flushed and moved over the one
    of the same name in `target`; on an error or Ctrl-C the staging folder goes and `target` is as it was. Other files
    in `target` are left alone.

    Parameters
    ----------
    target : pathlib.Path
        Created when it does not exist.

    Raises
    ------
    OutputError
        When the folder cannot be made or written, or the disk is full.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self._made: list[Path] = []
        try:
            for parent in (*reversed(target.parents), target):
                if not parent.exists():
                    parent.mkdir()
                    self._made.append(parent)
            if not target.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "not a folder")
            _remove_stale(target)
            self.staging = Path(tempfile.mkdtemp(prefix=f"{_STAGING}{os.getpid()}-", dir=target))
        except OSError as error:
            self._forget()
            raise _explain(error, target) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._commit()
        except OSError as failure:
            raise _explain(failure, self.target) from failure
        finally:
            shutil.rmtree(self.staging, ignore_errors=True)
            if error is not None:
                self._forget()
        if isinstance(error, OutputError):
            if str(self.staging) in str(error):
                raise OutputError(str(error).replace(str(self.staging), str(self.target))) from error
        elif isinstance(error, OSError) and _concerns(error, self.staging):
            raise _explain(error, self.target) from error
        elif error is not None and type(error).__module__.startswith(
            "pyogrio"
        ):  # GDAL says no more than that it failed
            full = shutil.disk_usage(self.target).free < _NEARLY_FULL_BYTES
            raise _explain(OSError(errno.ENOSPC if full else errno.EIO, str(error)), self.target) from error

    def _commit(self) -> None:
        files = sorted(path for path in self.staging.rglob("*") if path.is_file())
        for path in files:
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
        for path in files:
            final = self.target / path.relative_to(self.staging)
            final.parent.mkdir(parents=True, exist_ok=True)
            path.replace(final)

    def _forget(self) -> None:
        """Remove the folders that this object made, where they are still empty."""
        for parent in reversed(self._made):
            try:
                parent.rmdir()
            except OSError:
                return


def _remove_stale(target: Path) -> None:
    """Remove what a run that was killed has left behind."""
    for left in target.glob(f"{_STAGING}*"):
        number = left.name.removeprefix(_STAGING).partition("-")[0]
        if number.isdigit() and not Path(f"/proc/{number}").exists() and Path("/proc").exists():
            shutil.rmtree(left, ignore_errors=True)


def _concerns(error: OSError, staging: Path) -> bool:
    """Tell whether an error is about writing: it names a staged file, or it is one that only writing raises."""
    writing = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
    return error.errno in writing or (error.filename is not None and str(error.filename).startswith(str(staging)))


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it there once the block has ended well.

    Parameters
    ----------
    path : pathlib.Path
        The file to be written or replaced.

    Yields
    ------
    pathlib.Path
        Write here.

    Raises
    ------
    OutputError
        When it cannot be written; what stood there before is intact.
    """
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; give the name of a file")
    with OutputFolder(path.parent) as folder:
        yield folder.staging / path.name
