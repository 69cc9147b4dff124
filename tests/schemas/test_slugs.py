from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.competitions import load_competitions
from schemas.slugs import match_id, slug

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Man United", "man-united"),
        ("Nott'm Forest", "nott-m-forest"),
        ("M'gladbach", "m-gladbach"),
        ("St. Étienne", "st-etienne"),
        ("Beşiktaş", "besiktas"),
        ("Kasımpaşa", "kasimpasa"),
        ("İstanbul Başakşehir", "istanbul-basaksehir"),
        ("Preußen Münster", "preussen-munster"),
        ("Brøndby", "brondby"),
        ("Łódź", "lodz"),
        ("  AZ  Alkmaar ", "az-alkmaar"),
        ("2024/25", "2024-25"),
    ],
)
def test_a_club_keeps_a_name_that_people_would_type(words: str, expected: str) -> None:
    assert slug(words) == expected


@pytest.mark.parametrize("words", ["", " ", "?!", "中国", "\n"])
def test_words_without_a_letter_to_keep_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match="slug"):
        slug(words)


@given(st.text())
def test_whatever_comes_out_is_a_slug_and_stays_one(words: str) -> None:
    try:
        once = slug(words)
    except ValueError:
        return

    assert SLUG.fullmatch(once)
    assert slug(once) == once


def test_a_match_id_reads_from_the_league_to_the_meeting() -> None:
    assert match_id("E0", "2024-25", "Man United", "Fulham") == "e0-2024-25-man-united-fulham-1"
    assert match_id("SC0", "2024-25", "Celtic", "Hearts", 2) == "sc0-2024-25-celtic-hearts-2"


def test_every_competition_and_pool_of_the_table_is_a_slug() -> None:
    table = load_competitions()

    assert all(SLUG.fullmatch(code) for code in table)
    assert all(SLUG.fullmatch(competition.pool) for competition in table.values())
    assert table["e0"].pool == table["ec"].pool == "england"
