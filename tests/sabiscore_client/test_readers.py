"""Reading from Python: one contract, over HTTP and from Redis itself."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from typing import TYPE_CHECKING

import pytest

from sabiscore_client import Selection, connect, table
from sabiscore_client.web import events
from schemas.errors import ServerError, SettingsError
from schemas.forecast import MarketView, Score
from tests.dashboard.bodies import KICK_OFF, MATCH_ID, made
from tests.dashboard.serving import serving

if TYPE_CHECKING:
    from sabiscore_client.reader import Reader
    from tests.dashboard.valkey import Valkey

OTHER_ID = "d1-2024-25-koln-mainz-1"
PATIENCE_S = 30


def eventually_listed(reader: Reader, count: int) -> list[str]:
    """The ids of all matches, once there are so many: a list is some milliseconds behind."""
    deadline_s = time.monotonic() + PATIENCE_S
    while len(found := reader.list()) != count:
        assert time.monotonic() < deadline_s, found
        time.sleep(0.01)
    return [forecast.match_id for forecast in found]


def test_one_match_is_read_and_an_unknown_one_is_none(reader: Reader, valkey: Valkey) -> None:
    valkey.commit(made(revision=4, status="live", minute=70, score=Score(2, 1)))

    found = reader.get(MATCH_ID)
    nothing = reader.get("e0-2024-25-nobody-nowhere-1")

    assert found is not None
    assert (found.revision, found.minute, found.score) == (4, 70, Score(2, 1))
    assert nothing is None


@pytest.mark.parametrize("match_id", ["", "../status", "a/b?c#d"])
def test_what_is_no_match_is_none(reader: Reader, valkey: Valkey, match_id: str) -> None:
    valkey.commit(made())

    assert reader.get(match_id) is None
    assert reader.list(Selection(matches=())) == []


def test_many_matches_are_listed_by_kick_off_over_every_page(
    reader: Reader, valkey: Valkey
) -> None:
    ids = [f"e0-2024-25-home{n:04}-away-1" for n in range(1_200)]
    valkey.commit(
        *[made(match_id) for match_id in ids],
        made(OTHER_ID, kick_off=KICK_OFF - dt.timedelta(days=1)),
    )

    found = eventually_listed(reader, 1_201)

    assert found == [OTHER_ID, *ids]


@pytest.mark.parametrize(
    "selection",
    [
        Selection(competition="d1"),
        Selection(team="koln"),
        Selection(status="live"),
        Selection(date=dt.date(2025, 5, 25)),
        Selection(matches=(OTHER_ID, "e0-2024-25-nobody-nowhere-1")),
        Selection(competition="d1", status="live", date=dt.date(2025, 5, 25)),
    ],
)
def test_matches_are_selected(reader: Reader, valkey: Valkey, selection: Selection) -> None:
    later = KICK_OFF + dt.timedelta(days=1)
    valkey.commit(
        made(),
        made(OTHER_ID, status="live", kick_off=later, home_team="Köln", away_team="Mainz"),
    )
    eventually_listed(reader, 2)

    found = reader.list(selection)

    assert [forecast.match_id for forecast in found] == [OTHER_ID]


def test_who_follows_hears_what_there_is_and_then_every_change_and_nothing_goes_back(
    reader: Reader, valkey: Valkey
) -> None:
    valkey.commit(made(revision=1), made(OTHER_ID))
    eventually_listed(reader, 2)
    following = reader.follow(Selection(competition="e0"))

    first = next(following)
    valkey.commit(made(OTHER_ID, revision=2))
    valkey.commit(made(revision=2), partition=1)
    second = next(following)
    valkey.commit(made(revision=1), partition=0)
    valkey.commit(made(revision=3), partition=0)
    third = next(following)

    assert [one.match_id for one in (first, second, third)] == [MATCH_ID] * 3
    assert [one.revision for one in (first, second, third)] == [1, 2, 3]


def test_who_follows_comes_back_after_redis_was_away(reader: Reader, valkey: Valkey) -> None:
    valkey.commit(made(revision=1))
    following = reader.follow()
    first = next(following)

    valkey.stop()
    valkey.start()
    valkey.commit(made(revision=2))
    second = next(following)

    assert (first.revision, second.revision) == (1, 2)


def test_who_follows_over_http_comes_back_after_the_server_was_away(valkey: Valkey) -> None:
    valkey.commit(made(revision=1))
    with serving(valkey.url) as address:
        reader = connect(address)
        following = reader.follow()
        first = next(following)
    valkey.commit(made(revision=2))

    with serving(valkey.url, port=int(address.rpartition(":")[2])), reader:
        second = next(following)

    assert (first.revision, second.revision) == (1, 2)


def test_a_server_that_does_not_answer_is_said_in_one_sentence() -> None:
    for address in ("http://127.0.0.1:1", "redis://:hunter2@127.0.0.1:1/0"):
        with connect(address) as reader:
            for read in (lambda: reader.get(MATCH_ID), reader.list):
                with pytest.raises(ServerError, match="answer") as caught:
                    read()
                assert "hunter2" not in str(caught.value)


def test_a_wrong_token_ends_it_and_is_not_repeated(valkey: Valkey) -> None:
    with (
        serving(valkey.url, read_tokens=("right",)) as address,
        connect(address, token="hunter2") as reader,
    ):
        with pytest.raises(ServerError, match="read token is needed") as got:
            reader.get(MATCH_ID)
        with pytest.raises(ServerError, match="read token is needed") as followed:
            next(reader.follow())

    assert "hunter2" not in str(got.value) + str(followed.value)


def test_an_empty_redis_says_that_nothing_was_published(valkey: Valkey) -> None:
    valkey.call("FLUSHALL")

    with connect(valkey.url) as reader, pytest.raises(ServerError, match="nothing was ever"):
        next(reader.follow())


def test_an_address_of_neither_kind_is_refused() -> None:
    with pytest.raises(SettingsError, match="redis://"):
        connect("postgresql://localhost")


def test_forecasts_become_a_table_of_flat_columns_with_times(
    reader: Reader, valkey: Valkey
) -> None:
    market = MarketView(0.5, 0.27, 0.23, "avg", "closing", KICK_OFF)
    valkey.commit(made(status="live", market=market), made(OTHER_ID, market=None))
    eventually_listed(reader, 2)

    frame = table(reader.list()).set_index("match_id")

    assert frame.loc[MATCH_ID, "market_home"] == 0.5
    assert frame.loc[MATCH_ID, "score_home"] == 1
    assert frame.loc[OTHER_ID].isna()["market_home"]
    assert frame["kick_off"].max() == KICK_OFF
    assert table([]).empty


def test_events_are_read_as_the_standard_has_them() -> None:
    lines = [
        ": a comment",
        "event: forecast",
        "data: one",
        "data:two",
        "id: 7",
        "",
        "",
        "data: no name",
        "",
        "event: empty",
        "",
        "event: cut off",
        "data: x",
    ]

    found = list(itertools.islice(events(lines), 5))

    assert found == [("forecast", "7", "one\ntwo"), ("message", "7", "no name")]


def test_any_number_of_matches_may_be_asked_for(reader: Reader, valkey: Valkey) -> None:
    ids = [f"e0-2024-25-home{n:04}-away-1" for n in range(150)]
    valkey.commit(*[made(match_id) for match_id in ids], made(OTHER_ID))
    eventually_listed(reader, 151)

    found = reader.list(Selection(matches=tuple(ids)))

    assert [forecast.match_id for forecast in found] == ids


def test_a_token_that_no_header_can_carry_is_refused_in_a_sentence() -> None:
    with pytest.raises(SettingsError, match="token holds characters"):
        connect("http://127.0.0.1:1", token="schlüssel")


def test_a_key_that_holds_no_forecast_is_named(reader: Reader, valkey: Valkey) -> None:
    valkey.call("SET", f"pred:{MATCH_ID}", b"no forecast")

    with pytest.raises(ServerError):
        reader.get(MATCH_ID)
