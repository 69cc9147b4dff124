"""Loops over numbers as machine code: 1 µs for a row where arrays of numpy take 100."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])


def _kept_in() -> str | None:
    """The folder of compiled code of just these sources; nothing where none can be written.

    Numba itself looks at the file of a function alone, not at those of the functions it calls.
    """
    package = Path(__file__).parent
    sources = b"".join(path.read_bytes() for path in sorted(package.glob("*.py")))
    own = package / "__pycache__"
    root = Path(os.environ.get("NUMBA_CACHE_DIR") or own)
    folder = root / f"compiled-{hashlib.sha256(sources).hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    for older in own.glob("compiled-*"):
        if older != folder:
            shutil.rmtree(older, ignore_errors=True)
    return str(folder) if os.access(folder, os.W_OK) else None


class _Kept(FunctionCache):
    """Code kept on disk: a damaged file or a full disk costs compiling again, and nothing else."""

    def load_overload(self, sig: object, target_context: object) -> Any:  # noqa: ANN401
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # noqa: BLE001 - unpickling damaged bytes may raise anything
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: object, data: object) -> None:
        with suppress(OSError):
            super().save_overload(sig, data)


_FOLDER = _kept_in()
if _FOLDER is not None:
    # A setting that its stubs do not know.
    numba.config.CACHE_DIR = _FOLDER  # type: ignore[attr-defined]


def compiled(function: Function) -> Function:
    """Compile *function* when it is first called, once for all processes (some seconds).

    As numpy does, it gives inf or NaN where Python raises. Sums keep the order that is written, so
    that a row's bits hang on that row alone.
    """
    made = numba.njit(error_model="numpy")(function)
    if _FOLDER is not None:
        # What ``cache=True`` sets.
        made._cache = _Kept(function)  # type: ignore[attr-defined]  # noqa: SLF001
    return cast("Function", made)
