"""The model card: what a version is, how to make it again, and how good it was, no better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_store.plots import PLOTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_store.evaluate import Interval, Scores
    from model_store.kick_off import Weights
    from model_store.manifest import Manifest

_WORDS = {
    "base_rates": "base rates",
    "elo": "Elo (a logit of the difference)",
    "dixon_coles": "online Dixon-Coles",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "network": "MLP",
    "stack": "**stack** (no odds of the match itself)",
    "market_opening": "market, opening (Shin)",
    "pool_opening": "**stack and opening market**",
    "market_closing": "market, closing (Shin)",
    "pool_closing": "**stack and closing market**",
}

_IN_PLAY_LIMITS = {
    False: "In-play probabilities use published figures: these data tell no match by the minute.",
    True: "In-play figures were fitted on the matches of these data that are told by the minute.",
}


_STEPS = {"season": "season", "monthly": "month"}


def card(manifest: Manifest, weights: Weights, pictures: Sequence[str] = ()) -> str:
    """The card in Markdown; holds no clock and no path of its own, so that it can be made again.

    *pictures* are the names of those that lie beside it.
    """
    metrics, step = manifest.metrics, _STEPS[manifest.refit]
    told = any(part.by == "minute" for part in metrics.slices)
    return f"""# {manifest.label}

Probabilities of a home win, a draw and an away win: XGBoost, LightGBM and a perceptron on team
features, stacked by a regularised logistic regression over log-probabilities that are out of fold
in season order; joined with the market's probabilities in a log-pool where a price is known; from
kick-off conditioned on minute, score and red cards by Poisson goal rates.

Configuration `{manifest.config}`, seed {manifest.seed}, {manifest.rows:,} matches of
{", ".join(manifest.competitions)}, seasons {", ".join(manifest.seasons)}
(data sha256 `{manifest.training_sha256[:16]}`), last kick-off {manifest.created}.

## Make it again

    {manifest.command}

The same data, seed and library versions give the same files, byte for byte.

## Out of fold

Each {step} of {", ".join(metrics.seasons)} is forecast at kick-off by models fitted on the {step}s
before it. In brackets the middle 95 % of 1,000 bootstrap means. RPS is the ranked probability
score; lower is better, as for log-loss. For football at kick-off the closing market is the
yardstick: being close to it is as good as it gets.

| forecaster | matches | log-loss | RPS | accuracy | Brier | calibration error | slope |
|---|---|---|---|---|---|---|---|
{_table(metrics.forecasters)}

The stack's log-loss less that of others on the same matches (below 0 the stack is better):

| beside | difference |
|---|---|
{_beside(manifest)}

| league | matches | stack log-loss | with closing market | market, closing |
|---|---|---|---|---|
{_leagues(manifest)}

In the pools, p ∝ stack^a · market^b, the stack has weight {weights.opening.stack:.3f} beside an
opening market ({weights.opening.market:.3f}) and {weights.closing.stack:.3f} beside a closing one
({weights.closing.market:.3f}).

## By parts

"served" is what would be served: with the newest market known, else the stack alone; "priced" is
that of the matches that have a closing market, where others have none. By minute, "stack" knows
no odds and "pool_closing" the closing ones; half-time is 45'.

| by | part | forecaster | matches | log-loss | RPS | accuracy | market, closing |
|---|---|---|---|---|---|---|---|
{_parts(manifest)}

{_pictures(pictures)}{_ablation(manifest)}Mean of the largest probability:
{metrics.mean_confidence:.4f} (standard error {metrics.confidence_error:.4f}).

## Limits

The market weights are those of bookmakers' averages; another source of prices has other weights.
{_IN_PLAY_LIMITS[told]}
A match of a league that was not trained on is forecast by what its features say.
"""


def _pictures(names: Sequence[str]) -> str:
    return "".join(f"![{PLOTS[name]}]({name})\n\n" for name in names)


def _ablation(manifest: Manifest) -> str:
    if not manifest.metrics.ablation:
        return ""
    lines = "\n".join(
        f"| {name} | {of.value:+.4f} [{of.low:+.4f}, {of.high:+.4f}] |"
        for name, of in manifest.metrics.ablation.items()
    )
    return (
        "## Without a group of features\n\n"
        "The stack's log-loss out of fold without each group less that with all; above 0 the group "
        f"is worth having.\n\n| without | difference |\n|---|---|\n{lines}\n\n"
    )


def _table(forecasters: dict[str, Scores]) -> str:
    return "\n".join(
        f"| {words} | {of.rows:,} | {_interval(of.log_loss)} | {_interval(of.rps)} "
        f"| {_interval(of.accuracy)} | {of.brier:.4f} | {of.calibration_error:.4f} "
        f"| {of.calibration_slope:.3f} |"
        for name, words in _WORDS.items()
        if (of := forecasters.get(name)) is not None
    )


def _beside(manifest: Manifest) -> str:
    return "\n".join(
        f"| {_WORDS[name]} | {_interval(of)} |"
        for name, of in manifest.metrics.against_stack.items()
    )


def _parts(manifest: Manifest) -> str:
    return "\n".join(
        f"| {of.by} | {of.part} | {of.forecaster} | {of.rows:,} | {_interval(of.log_loss)} "
        f"| {_interval(of.rps)} | {_interval(of.accuracy)} "
        f"| {'' if of.market is None else f'{of.market:.4f}'} |"
        for of in manifest.metrics.slices
    )


def _leagues(manifest: Manifest) -> str:
    leagues = manifest.metrics.leagues
    lines = []
    for league, of in leagues["stack"].items():
        beside = [leagues.get(name, {}).get(league) for name in ("pool_closing", "market_closing")]
        cells = [f"{other.log_loss:.4f}" if other else "" for other in beside]
        lines.append(f"| {league} | {of.rows:,} | {of.log_loss:.4f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _interval(interval: Interval) -> str:
    return f"{interval.value:.4f} [{interval.low:.4f}, {interval.high:.4f}]"
