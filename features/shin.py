"""Bookmakers' margin removed by Shin's model of insiders.

Shin (1993), "Measuring the incidence of insider trading in a market for state-contingent claims",
Economic Journal 103; solved for the probabilities as in Jullien and Salanié (1994), "Measuring the
incidence of insider trading: a comment on Shin", Economic Journal 104.
"""

from __future__ import annotations

from math import sqrt

_STEPS = 60
# Newton's error squares at every step: after a step this small nothing is left of it.
_NEAR_ENOUGH = 1e-9


def shin(home: float, draw: float, away: float) -> tuple[float, float, float]:
    """Turn three decimal prices (each above 1) into probabilities that sum to one.

    With inverse prices π, their sum B and q = π²/B, the share z of insiders is the smaller root of
    Σ √(z² + 4(1-z)q) = 2 + z, and p = 2q / (√(z² + 4(1-z)q) + z). Without a margin, or where the
    inverse prices sum to less than one and the model has no meaning, the margin is removed in
    proportion.
    """
    inverse = (1.0 / home, 1.0 / draw, 1.0 / away)
    total = sum(inverse)
    if total <= 1.0:
        return inverse[0] / total, inverse[1] / total, inverse[2] / total
    a = inverse[0] * inverse[0] / total
    b = inverse[1] * inverse[1] / total
    c = inverse[2] * inverse[2] / total
    z = _insiders(a, b, c)
    # Written out, as this runs for every change of a price: a loop would cost as much again.
    square, rest = z * z, 4.0 * (1.0 - z)
    first = 2.0 * a / (sqrt(square + rest * a) + z)
    second = 2.0 * b / (sqrt(square + rest * b) + z)
    third = 2.0 * c / (sqrt(square + rest * c) + z)
    # One up to rounding, and where prices are so extreme that the root is not found exactly.
    whole = first + second + third
    return first / whole, second / whole, third / whole


def _insiders(a: float, b: float, c: float) -> float:
    """The smaller root: the left side less the right is convex, so Newton climbs to it from 0."""
    z = 0.0
    for _ in range(_STEPS):
        square, rest = z * z, 4.0 * (1.0 - z)
        x = sqrt(square + rest * a)
        y = sqrt(square + rest * b)
        w = sqrt(square + rest * c)
        slope = (z - 2.0 * a) / x + (z - 2.0 * b) / y + (z - 2.0 * c) / w - 1.0
        if slope >= 0.0:
            break
        step = (x + y + w - 2.0 - z) / slope
        z -= step
        if not 0.0 <= z <= 1.0:
            z = min(max(z, 0.0), 1.0)
        if -_NEAR_ENOUGH < step < _NEAR_ENOUGH:
            break
    return z
