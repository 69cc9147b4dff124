"""Every forecaster of one season in one table: versions, their members, Elo, Dixon-Coles, market.

The versions were trained before the season. They see what `backtest` shows them, each match as it
stood at its kick-off, without the agents between: the figures are the same.

    python -m benchmarks.season_table --data DIR/football-data.co.uk --from 2024-07-01 \
        --to 2025-07-01 model_store/shipped/default/1 out/models/seed/1
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from commands.feed import from_football_data
from commands.settings import settings_from
from commands.training_rows import collect
from features import FEATURE_HASH, FEATURE_NAMES
from model_store.columns import Columns
from model_store.evaluate import paired, scores
from model_store.kick_off import Stacked
from model_store.logit import softmax
from model_store.members import MEMBERS
from model_store.references import dixon_coles, elo
from model_store.verify import load_verified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from model_store import TrainingSet
    from model_store.evaluate import Interval
    from model_store.model import Model
    from producers.match_events import Odds

    Floats = npt.NDArray[np.float64]

_PHASES: dict[Odds, int] = {"none": 0, "opening": 1, "closing": 2}
_COLUMNS = ("forecaster", "n", "log-loss", "RPS", "accuracy", "calibration error", "slope")


def forecasts(
    source: str, begin: np.datetime64, end: dt.datetime, models: Mapping[str, Model]
) -> tuple[dict[str, Floats], npt.NDArray[np.int8]]:
    """Probabilities (n, 3) by forecaster, and outcomes (n,), of the matches from *begin* on."""
    made: dict[str, Floats] = {}
    for odds, phase in _PHASES.items():
        feed = from_football_data(source, settings_from(), odds)
        every = collect(feed.events(), end).in_order()
        wanted = every.kick_off >= begin
        rows = every.rows(wanted)
        for label, model in models.items():
            made |= _of_model(label, model, rows, odds, phase)
        if odds == "none":
            made["Elo"] = elo(every, ~wanted, wanted)
            made["Dixon-Coles"] = dixon_coles(rows)
            continue
        prices = {row.match_id: row for row in feed.matches}
        known = [prices[match_id] for match_id in rows.match_id.tolist()]
        averages = [row.avg_opening if odds == "opening" else row.avg_closing for row in known]
        made[f"market, {odds}"] = np.array(
            [(np.nan,) * 3 if price is None else price.probabilities() for price in averages]
        )
        made[f"market, {odds} (Shin)"] = rows.market_closing
    return made, rows.outcome


def _of_model(
    label: str, model: Model, rows: TrainingSet, odds: Odds, phase: int
) -> Iterator[tuple[str, Floats]]:
    columns = Columns(FEATURE_NAMES)
    vectors = columns.before_kick_off(rows.team, rows.market_closing, phase)
    yield f"{label}, {odds if phase else 'no'} odds", model.predict(vectors)
    nothing = np.full((len(rows), 3), np.nan)
    if odds == "closing":
        past = columns.before_kick_off(rows.team, nothing, 0)
        yield f"{label}, closing odds of past matches", model.predict(past)
    if odds == "none" and isinstance(model.kick_off, Stacked):
        margins = model.kick_off.margins(vectors)
        for place, member in enumerate(MEMBERS):
            chances = softmax(margins[:, 3 * place : 3 * place + 3])
            yield f"{label}, {member} alone", chances


def table(made: Mapping[str, Floats], outcome: npt.NDArray[np.int8]) -> Iterator[str]:
    """The lines of one table, each forecaster where it has an answer."""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|---" * len(_COLUMNS) + "|"
    for name, chances in made.items():
        known = np.isfinite(chances).all(axis=1)
        of = scores(chances[known], outcome[known], seed=1)
        told = " | ".join(_interval(one) for one in (of.log_loss, of.rps, of.accuracy))
        yield (
            f"| {name} | {of.rows:,} | {told} | {of.calibration_error:.4f} | "
            f"{of.calibration_slope:.3f} |"
        )


def differences(
    made: Mapping[str, Floats], outcome: npt.NDArray[np.int8], label: str
) -> Iterator[str]:
    """The log-loss of *label* less that of the others that know as much, on the same matches."""
    yield f"| {label} | less | difference |\n|---|---|---|"
    for odds in ("no", "opening", "closing"):
        mine = f"{label}, {odds} odds"
        for other in _rivals(made, label, odds):
            both = np.isfinite(made[mine]).all(axis=1) & np.isfinite(made[other]).all(axis=1)
            found = paired(made[mine][both], made[other][both], outcome[both], seed=1)
            yield f"| {odds} odds | {other} | {_interval(found, '+.4f')} |"


def _rivals(made: Mapping[str, Floats], label: str, odds: str) -> list[str]:
    others = [name for name in made if name != f"{label}, {odds} odds"]
    if odds == "no":
        alone = [name for name in others if name.endswith(" alone")]
        return [*alone, "Elo", "Dixon-Coles", *(n for n in others if n.endswith(", no odds"))]
    return [name for name in others if f", {odds}" in name and "past" not in name]


def _interval(of: Interval, style: str = ".4f") -> str:
    return f"{of.value:{style}} [{of.low:{style}}, {of.high:{style}}]"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, metavar="DIR")
    parser.add_argument("--from", dest="begin", required=True, type=dt.date.fromisoformat)
    parser.add_argument("--to", required=True, type=dt.date.fromisoformat)
    parser.add_argument("versions", nargs="+", type=Path, help="Folders NAME/VERSION.")
    words = parser.parse_args()
    loaded = [load_verified(folder, FEATURE_HASH) for folder in words.versions]
    models = {model.label: model for model in loaded}
    end = dt.datetime.combine(words.to, dt.time(), dt.UTC)
    made, outcome = forecasts(words.data, np.datetime64(words.begin), end, models)
    for line in (*table(made, outcome), "", *differences(made, outcome, next(iter(models)))):
        print(line)


if __name__ == "__main__":
    main()
