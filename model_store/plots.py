"""The pictures of a model card, drawn from the figures of its manifest; the same bytes every time.

matplotlib is wanted for this alone; where it is not installed, a card has no pictures.
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from model_store.calibration import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from model_store.manifest import Metrics

CALIBRATION, BY_MINUTE, BY_MONTH = "calibration.svg", "rps_by_minute.svg", "log_loss_by_month.svg"
PLOTS = {
    CALIBRATION: "What was given a chance, and how often it happened, out of fold",
    BY_MINUTE: "RPS by the minute of play; lower is better",
    BY_MONTH: "Log-loss less the closing market's, month by month; below 0 is better than it",
}
_FEWEST = 30
"""Of fewer matches a mean says nothing, and would stretch the axis."""

# One step of a colour-blind safe scale each (Okabe & Ito 2008).
_COLOURS = ("#0072B2", "#999999", "#D55E00")
_NAMES = {
    "stack": "all matches, no odds",
    "pool_closing": "those with closing odds, known before kick-off",
}


def plots(metrics: Metrics) -> dict[str, bytes]:
    """Each picture by the name of its file, as SVG; without figures there is no picture."""
    if find_spec("matplotlib") is None:
        return {}
    drawn = {CALIBRATION: _calibration}
    if any(of.by == "minute" for of in metrics.slices):
        drawn[BY_MINUTE] = _by_minute
    if metrics.months:
        drawn[BY_MONTH] = _by_month
    return {name: _drawn(draw, metrics) for name, draw in drawn.items()}


def _drawn(draw: Callable[[Any, Metrics], None], metrics: Metrics) -> bytes:
    import matplotlib as mpl  # noqa: PLC0415 - half a second that only training needs
    from matplotlib.figure import Figure  # noqa: PLC0415

    # Text stays text, and neither a clock nor a random name gets into the file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sabiscore"}):
        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes, metrics)
        raw = io.BytesIO()
        figure.savefig(raw, format="svg", metadata={"Date": None, "Creator": None})
    return raw.getvalue()


def _calibration(axes: Any, metrics: Metrics) -> None:  # noqa: ANN401 - matplotlib is optional
    axes.plot([0, 1], [0, 1], color="#cccccc", linewidth=1, zorder=0)
    for outcome, colour in zip(OUTCOMES, _COLOURS, strict=True):
        mine = [one for one in metrics.calibration if one.outcome == outcome]
        shown = [one for one in mine if one.n >= _FEWEST]
        given = [one.mean_forecast for one in shown]
        happened = [one.frequency for one in shown]
        # Two standard errors of a share.
        error = [2 * (f * (1 - f) / one.n) ** 0.5 for f, one in zip(happened, shown, strict=True)]
        axes.errorbar(given, happened, error, color=colour, marker="o", markersize=4, label=outcome)
    axes.set(xlabel="forecast", ylabel="how often it happened", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False)


def _by_minute(axes: Any, metrics: Metrics) -> None:  # noqa: ANN401
    for (name, words), colour in zip(_NAMES.items(), (_COLOURS[0], _COLOURS[2]), strict=True):
        mine = [of for of in metrics.slices if (of.by, of.forecaster) == ("minute", name)]
        minutes = [int(of.part.rstrip("'")) for of in mine]
        axes.fill_between(
            minutes,
            [of.rps.low for of in mine],
            [of.rps.high for of in mine],
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
        axes.plot(minutes, [of.rps.value for of in mine], color=colour, marker="o", label=words)
    axes.set(xlabel="minute", ylabel="RPS", xticks=[15, 30, 45, 60, 75])
    axes.legend(frameon=False)


def _by_month(axes: Any, metrics: Metrics) -> None:  # noqa: ANN401
    months = [month for month in metrics.months if month.rows >= _FEWEST]
    places = range(len(months))
    axes.axhline(0, color="#999999", linewidth=1)
    for name, colour, words in (
        ("stack", _COLOURS[0], "no odds"),
        ("served", _COLOURS[2], "newest odds"),
    ):
        gaps = [getattr(month, name) - month.market for month in months]
        axes.plot(places, gaps, color=colour, marker=".", linewidth=1, label=words)
    step = max(1, len(months) // 8)
    axes.set_xticks(list(places)[::step], [month.month for month in months][::step])
    axes.tick_params(axis="x", rotation=30)
    axes.set_ylabel("log-loss less the closing market's")
    axes.legend(frameon=False)
