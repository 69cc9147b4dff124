"""Fit, evaluate, register, verify and load models; is handed arrays and knows no stream.

May import features (their names) and schemas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_store.config import CONFIGS
from model_store.store import CHALLENGER, CHAMPION, FORMER, ModelStore
from model_store.training_set import HALF_TIME_PLACE, PLAY_MINUTES, TrainingSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from model_store.out_of_fold import Refit

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "CONFIGS",
    "FORMER",
    "HALF_TIME_PLACE",
    "PLAY_MINUTES",
    "ModelStore",
    "TrainingSet",
    "train",
]


def train(
    training: TrainingSet,
    config: str,
    *,
    seed: int,
    name: str,
    directory: Path,
    command: str,
    progress: Callable[[str, float], None],
    refit: Refit = "season",
    ablate: bool = False,
    forecasts: Path | None = None,
) -> Path:
    """See `model_store.training.train`.

    Raises:
        ModelError: When no model can be made of these rows.
    """
    # A process that only serves never loads the training libraries: 2 s and 100 MB.
    from model_store import training as fitting  # noqa: PLC0415

    return fitting.train(
        training,
        config,
        seed=seed,
        name=name,
        directory=directory,
        command=command,
        progress=progress,
        refit=refit,
        ablate=ablate,
        forecasts=forecasts,
    )
