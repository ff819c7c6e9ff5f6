"""The program's state files: whole or not at all, for their owner only, and safe beside other sessions.

What is neither a regular file nor absent is refused: a FIFO would hold a session up, a link lead somewhere else.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import stat
from collections.abc import Iterator
from pathlib import Path

# Another session holds the lock for milliseconds; one that is stopped must not hold up this one's acts.
_LOCK_ATTEMPTS, _LOCK_PAUSE = 200, 0.01
_MOST_ASIDE = 9


class TooLargeError(ValueError):
    """A state file that this program did not write."""


def replace_file(path: Path, content: bytes) -> None:
    """Replace the file atomically (mode 0600) and create its folder (0700) if needed. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileNotFoundError):
        _require_regular(path, os.lstat(path))
    import tempfile  # with all that copies and packs files; most commands write none

    # mkstemp creates the file with mode 0600.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink(missing_ok=True)
        raise


def open_file(path: Path, flags: int) -> int:
    """A descriptor of a regular file, which is made private (0600) if it is not. Raises OSError."""
    handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        found = os.fstat(handle)
        _require_regular(path, found)
        if stat.S_IMODE(found.st_mode) & 0o077:
            os.fchmod(handle, 0o600)
    except BaseException:
        os.close(handle)
        raise
    return handle


def read_file(path: Path, most: int) -> bytes:
    """The content of a state file. Raises OSError, and TooLargeError if it has more than `most` bytes."""
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise TooLargeError(f"is larger than {most} bytes")
    return content


def put_aside(path: Path) -> str:
    """Rename a file that cannot be understood, so that nothing of it is lost; returns its new name, "" if it stays."""
    for number in range(1, _MOST_ASIDE + 1):
        aside = path.with_suffix(".unreadable" if number == 1 else f".unreadable{number}")
        if not os.path.lexists(aside) or number == _MOST_ASIDE:
            with contextlib.suppress(OSError):
                path.replace(aside)
                return aside.name
    return ""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other sessions from changing the folder's files meanwhile: what is read inside is still so when it is
    written. Raises OSError if another one keeps the lock for too long."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)  # releases the lock


def _lock(handle: int, folder: Path) -> None:
    for _ in range(_LOCK_ATTEMPTS):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            select.select((), (), (), _LOCK_PAUSE)
        except OSError as error:
            # A file system without locks: two sessions may then undo each other's writes, as without this.
            if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP):
                return
            raise
    raise OSError(errno.EAGAIN, "another session holds its lock", str(folder))


def _require_regular(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file; remove it", str(path))
