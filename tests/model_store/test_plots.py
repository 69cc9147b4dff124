"""The pictures of a card: drawn from its figures, the same bytes each time, and verified."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from model_store import ModelStore
from model_store.plots import PLOTS, plots
from schemas.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_version_has_every_picture_and_its_card_shows_them(store: Path) -> None:
    folder = store / "default" / "1"
    card = (folder / "README.md").read_text("utf-8")

    drawn = {name: ET.fromstring((folder / name).read_bytes()) for name in PLOTS}  # noqa: S314 - ours

    assert all(root.tag == "{http://www.w3.org/2000/svg}svg" for root in drawn.values())
    assert all(f"![{words}]({name})" in card for name, words in PLOTS.items())


def test_the_same_figures_give_the_same_bytes_and_hold_no_clock(store: Path) -> None:
    metrics = ModelStore(store).show("default").metrics

    once, again = plots(metrics), plots(metrics)

    assert once == again
    assert not any(b"<dc:date>" in raw for raw in once.values())


def test_without_matplotlib_a_card_has_no_pictures(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = ModelStore(store).show("default").metrics
    monkeypatch.setattr("model_store.plots.find_spec", lambda _name: None)

    assert plots(metrics) == {}


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_a_changed_picture_is_refused_by_name(store: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(store, tmp_path / "models")
    path = tmp_path / "models" / "default" / "1" / name
    path.write_bytes(path.read_bytes().replace(b"</svg>", b"<script/></svg>"))

    with pytest.raises(ModelError, match=name):
        ModelStore(tmp_path / "models").verify("default@1")
