"""What a version folder says of itself, and how that is written, read and checked."""

from __future__ import annotations

import hashlib
import re
from typing import Literal

import msgspec

from model_store.calibration import Bin  # noqa: TC001 - msgspec reads annotations
from model_store.evaluate import Interval, Scores  # noqa: TC001 - msgspec reads annotations
from schemas.errors import ModelError

FORMAT_VERSION = 2
MANIFEST, TREES, NETWORK, META, HELD_OUT, CARD = (
    "manifest.json",
    "trees.onnx",
    "network.json",
    "meta.json",
    "held_out.json",
    "README.md",
)
FILES = (TREES, NETWORK, META, HELD_OUT, CARD)
"""What a version that was trained here has; pictures may be beside it."""

OWN = "model.onnx"
OWN_FILES = (OWN, HELD_OUT, CARD)
"""What a version of somebody else's model has."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The size in bytes and the sha256, hexadecimal, of one file."""

    size: int
    sha256: str


class League(msgspec.Struct, frozen=True):
    """Out-of-fold measures of one competition."""

    rows: int
    log_loss: float
    rps: float
    accuracy: float


class Month(msgspec.Struct, frozen=True):
    """One month's log-loss of the stack, which knows no odds, of what is served, and of the market.

    Each on the same ``rows`` matches that have a closing market.
    """

    month: str
    rows: int
    stack: float
    served: float
    market: float


class Slice(msgspec.Struct, frozen=True):
    """One part of the held-out matches; ``market`` is the closing market's log-loss on them.

    ``market_scores`` says the same with intervals, of log-loss, RPS and accuracy in this order.
    """

    by: str
    part: str
    forecaster: str
    rows: int
    log_loss: Interval
    rps: Interval
    accuracy: Interval
    market: float | None
    market_scores: list[Interval] | None = None


class Metrics(msgspec.Struct, frozen=True):
    """Out-of-fold measures, each forecaster on the rows of ``seasons`` where it has an answer.

    ``forecasters`` holds stack, members, base rates, market_* and pool_*; ``leagues`` has, by
    forecaster, some of them league by league. ``against_stack`` is the stack's log-loss less that
    of each other on the same matches; ``slices`` are the parts in which to look for weak spots.
    ``calibration`` is of the served forecasts; ``months`` holds the matches that have a closing
    market, month by month; ``ablation`` the stack's log-loss without each group of features
    less that with all, where that was asked for. ``mean_confidence`` is the mean of the largest
    probability of the served forecast (the pool with the newest market where there is one),
    ``confidence_error`` its standard error.
    """

    seasons: list[str]
    forecasters: dict[str, Scores]
    leagues: dict[str, dict[str, League]]
    against_stack: dict[str, Interval]
    slices: list[Slice]
    mean_confidence: float
    confidence_error: float
    calibration: list[Bin] = []
    months: list[Month] = []
    ablation: dict[str, Interval] = {}


class Golden(msgspec.Struct, frozen=True):
    """Vectors (null = NaN) and the forecasts (n, 7) that the model gave them when it was made."""

    inputs: list[list[float | None]]
    outputs: list[list[float]]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``manifest.json``; ``created`` is the last kick-off of the training data, not a clock.

    ``kind`` is ``stack`` for what was trained here, ``onnx`` for a model of somebody else's.

    ``checksum`` is the sha256 of these very bytes with an empty checksum.
    """

    format_version: int
    name: str
    version: int
    created: str
    checksum: str
    files: dict[str, FileEntry]
    feature_names: list[str]
    feature_hash: str
    training_sha256: str
    rows: int
    seasons: list[str]
    competitions: list[str]
    config: str
    settings: dict[str, object]
    seed: int
    command: str
    libraries: dict[str, str]
    parity: float
    metrics: Metrics
    golden: Golden
    refit: str = "season"
    kind: Literal["stack", "onnx"] = "stack"

    @property
    def label(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as readable JSON, with its checksum filled in."""
    unsealed = msgspec.structs.replace(manifest, checksum="")
    raw = msgspec.json.format(msgspec.json.encode(unsealed), indent=1) + b"\n"
    return raw.replace(_seal(""), _seal(hashlib.sha256(raw).hexdigest()), 1)


def decode_manifest(raw: bytes, label: str) -> Manifest:
    """Read a manifest and make sure that it is whole.

    Raises:
        ModelError: When it is not JSON, of another format, or changed since it was written.
    """
    try:
        version = msgspec.json.decode(raw, type=_Versioned).format_version
        if version != FORMAT_VERSION:
            raise ModelError(
                f"{label}: {MANIFEST} has format {version}, this program reads {FORMAT_VERSION}. "
                "Use a model and a program of the same age."
            )
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{label}: {MANIFEST} cannot be read: {error}.") from error
    unsealed = raw.replace(_seal(manifest.checksum), _seal(""), 1)
    if hashlib.sha256(unsealed).hexdigest() != manifest.checksum:
        raise ModelError(
            f"{label}: {MANIFEST} does not match its own checksum; it was changed or damaged. "
            "Restore the folder or train again."
        )
    return manifest


def check_name(name: str) -> str:
    """*name*, if it can be a model's or an alias's.

    Raises:
        ModelError: When it holds anything but small letters, digits, ``-`` and ``_``.
    """
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"{name!r} cannot name a model; use up to 64 small letters, digits, '-' and '_'."
        )
    return name


class _Versioned(msgspec.Struct):
    format_version: int


def _seal(checksum: str) -> bytes:
    return b'"checksum": "%s"' % checksum.encode()
