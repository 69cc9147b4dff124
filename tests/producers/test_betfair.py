from __future__ import annotations

import bz2
import datetime as dt
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from features import World, fold
from producers import betfair
from producers.betfair import (
    Fixture,
    Ladder,
    Market,
    Tally,
    load_fixtures,
    read_change,
    read_messages,
)
from schemas import events
from schemas.competitions import load_competitions
from schemas.errors import FeedError, RowError, SettingsError
from tests.producers.tables import unexpected

if TYPE_CHECKING:
    from pathlib import Path

EVENT = "30177999"
FIXTURE = Fixture("e0", "2024-25", "Leicester", "Fulham")
HOME, AWAY, DRAW = 11, 22, 58805
START_MS = 1_737_208_800_000  # 14:00 on 18 January 2025


@pytest.fixture
def recording(data_dir: Path) -> Path:
    return data_dir.parent / "betfair" / "betfair_soccer_btts_1.145405534.bz2"


def definition(**changes: object) -> dict[str, object]:
    runners = [(HOME, 1), (AWAY, 2), (DRAW, 3)]
    return {
        "eventId": EVENT,
        "eventName": "Leicester v Fulham",
        "marketType": "MATCH_ODDS",
        "status": "OPEN",
        "inPlay": False,
        "version": 5,
        "marketTime": "2025-01-18T15:00:00.000Z",
        "runners": [
            {"id": name, "status": "ACTIVE", "sortPriority": place} for name, place in runners
        ],
        **changes,
    }


def at_prices(home: float, draw: float, away: float) -> list[dict[str, object]]:
    """Each side's last traded price."""
    prices = {HOME: home, DRAW: draw, AWAY: away}
    return [{"id": name, "ltp": price} for name, price in prices.items()]


def message(seconds: int, **change: object) -> str:
    market = {"id": "1.7", **change}
    return json.dumps({"op": "mcm", "pt": START_MS + 1000 * seconds, "clk": "a", "mc": [market]})


def told_of(
    folder: Path, *lines: str, report: object = unexpected, tally: Tally | None = None
) -> list[events.AnyEvent]:
    path = folder / "stream.bz2"
    path.write_bytes(bz2.compress("\n".join(lines).encode()))
    competitions = load_competitions()
    return list(
        betfair.read([path], {EVENT: FIXTURE}, competitions, tally=tally, report=report)  # type: ignore[arg-type]
    )


IMAGE = message(0, img=True, marketDefinition=definition(), rc=at_prices(2.5, 3.4, 3.0))


def test_the_real_recording_gives_the_book_that_its_deltas_add_up_to(recording: Path) -> None:
    market = Market("1.145405534")
    expected: dict[int, dict[str, dict[float, float]]] = defaultdict(lambda: {"atb": {}, "atl": {}})
    lines = bz2.decompress(recording.read_bytes()).splitlines()
    count = 0

    for (number, parsed), line in zip(read_messages(recording, unexpected), lines, strict=True):
        count += 1
        assert number == count
        (raw,) = parsed.mc
        change = read_change(raw)
        market.apply(change)
        for runner in json.loads(line)["mc"][0]["rc"]:
            for side in ("atb", "atl"):
                expected[runner["id"]][side].update(dict(runner.get(side, [])))
        for (name, _), ladder in market.runners.items():
            for mine, side in ((ladder.back, "atb"), (ladder.lay, "atl")):
                assert mine == {p: size for p, size in expected[name][side].items() if size}
            if ladder.best_back is not None and ladder.best_lay is not None:
                assert ladder.best_back < ladder.best_lay

    assert count == 681
    assert set(expected) == {30246, 110503}
    assert market.definition is not None
    assert market.definition.status == "CLOSED"
    assert [runner.status for runner in market.definition.runners] == ["WINNER", "LOSER"]


def test_a_market_of_another_type_is_read_and_counted_as_not_for_us(recording: Path) -> None:
    tally = Tally()

    told = list(betfair.read([recording], {}, load_competitions(), tally=tally, report=unexpected))

    assert told == []
    assert (tally.messages, tally.changes, tally.heartbeats) == (681, 681, 0)
    assert tally.not_for_us == {"BOTH_TEAMS_TO_SCORE": 681}


def test_an_image_gives_the_fixture_and_its_prices(tmp_path: Path) -> None:
    scheduled, odds = told_of(tmp_path, IMAGE)

    assert isinstance(scheduled, events.FixtureScheduled)
    assert scheduled.subject == odds.subject == "e0-2024-25-leicester-fulham-1"
    assert scheduled.data.kick_off == dt.datetime(2025, 1, 18, 15, tzinfo=dt.UTC)
    assert scheduled.data.external_ids == {"betfair": EVENT}
    assert odds.time == dt.datetime(2025, 1, 18, 14, tzinfo=dt.UTC)
    assert odds.data == events.OddsChangedData(
        bookmaker="betfair", home=2.5, draw=3.4, away=3.0, market_version=5
    )


def test_prices_are_the_middle_of_back_and_lay_in_probability(tmp_path: Path) -> None:
    sides = [{"id": HOME, "atb": [[2.4, 10], [2.2, 5]], "atl": [[2.6, 8], [2.8, 1]]}]

    *_, odds = told_of(tmp_path, IMAGE, message(1, rc=sides))

    assert isinstance(odds, events.OddsChanged)
    assert 1 / odds.data.home == pytest.approx((1 / 2.4 + 1 / 2.6) / 2, abs=1e-4)
    assert (odds.data.draw, odds.data.away) == (3.4, 3.0)


def test_a_delta_takes_a_price_away_and_nothing_new_is_no_event(tmp_path: Path) -> None:
    sides = [{"id": HOME, "atb": [[2.4, 10]], "atl": [[2.6, 8]]}]
    gone = [{"id": HOME, "atb": [[2.4, 0]]}]
    more = [{"id": HOME, "atl": [[2.6, 9]], "tv": 100.0}]

    told = told_of(tmp_path, IMAGE, message(1, rc=sides), message(2, rc=gone), message(3, rc=more))

    prices = [event.data.home for event in told if isinstance(event, events.OddsChanged)]
    assert prices == [2.5, pytest.approx(2.496), 2.5]


def test_an_image_replaces_all_that_was_known(tmp_path: Path) -> None:
    sides = [{"id": HOME, "atb": [[2.4, 10]], "atl": [[2.6, 8]]}]
    image = message(2, img=True, rc=at_prices(2.7, 3.4, 3.0))

    *_, odds = told_of(tmp_path, IMAGE, message(1, rc=sides), image)

    assert isinstance(odds, events.OddsChanged)
    assert odds.data.home == 2.7


def test_best_levels_are_read_as_well_as_full_depth() -> None:
    ladder = Ladder()
    change = betfair.messages.RunnerChange(
        HOME, batb=[(0, 2.4, 9), (1, 2.3, 9)], batl=[(0, 2.6, 1)]
    )

    ladder.apply(change)
    ladder.apply(betfair.messages.RunnerChange(HOME, batb=[(0, 0, 0)]))

    assert (ladder.best_back, ladder.best_lay) == (2.3, 2.6)


@pytest.mark.parametrize(
    ("back", "lay", "last", "price"),
    [
        ({}, {}, None, None),
        ({1.01: 2.0}, {1000.0: 2.0}, None, None),
        ({1.01: 2.0}, {1000.0: 2.0}, 3.0, 3.0),
        ({}, {3.0: 1.0}, 2.9, 2.9),
        ({3.0: 1.0}, {2.9: 1.0}, 2.8, 2.8),
        ({}, {}, 1.0, None),
    ],
)
def test_a_wide_or_crossed_book_says_nothing_and_the_last_trade_stands_in(
    back: dict[float, float], lay: dict[float, float], last: float | None, price: float | None
) -> None:
    assert Ladder(back=back, lay=lay, last_traded=last).price == price


def test_a_suspension_its_end_and_the_kick_off_fold_into_the_match(tmp_path: Path) -> None:
    suspended = definition(status="SUSPENDED", version=6)
    silent = message(61, rc=at_prices(1.5, 4.0, 8.0))
    reopened = definition(inPlay=True, version=7)

    told = told_of(
        tmp_path,
        IMAGE,
        message(60, marketDefinition=suspended),
        silent,
        message(62, marketDefinition=reopened),
    )

    names = [type(event).__name__ for event in told]
    assert names[2:] == ["OddsSuspended", "MatchStarted", "OddsChanged"]
    world = World.load({})
    quality = []
    for event in told:
        fold(world, event)
        quality.append(world.matches[FIXTURE.match_id].suspended)
    assert quality == [False, False, True, True, False]
    match = world.matches[FIXTURE.match_id]
    assert match.status == "live"
    (book,) = match.books.values()
    assert book.newest is not None
    assert (book.newest.home, book.newest.version) == (1.5, 7)


def test_a_moved_kick_off_is_told_again_and_a_closed_market_only_once(tmp_path: Path) -> None:
    moved = definition(marketTime="2025-01-18T17:30:00.000Z", version=6)
    closed = definition(marketTime="2025-01-18T17:30:00.000Z", status="CLOSED", version=8)

    told = told_of(
        tmp_path,
        IMAGE,
        message(1, marketDefinition=moved),
        message(2, marketDefinition={**closed, "status": "SUSPENDED", "version": 7}),
        message(3, marketDefinition=closed),
    )

    kick_offs = [e.data.kick_off.hour for e in told if isinstance(e, events.FixtureScheduled)]
    assert kick_offs == [15, 17]
    assert sum(isinstance(event, events.OddsSuspended) for event in told) == 1


def test_the_same_recording_gives_the_same_ids_and_no_two_alike(tmp_path: Path) -> None:
    lines = IMAGE, message(0, rc=at_prices(2.6, 3.4, 3.0)), message(0, rc=at_prices(2.7, 3.4, 3.0))

    once, again = told_of(tmp_path, *lines), told_of(tmp_path, *lines)

    assert once == again
    assert len({event.id for event in once}) == len(once) == 4


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "no message"),
        ("\x00", "no message"),
        ('{"op": "mcm", "pt": -1}', "no message"),
        ('{"op": "mcm", "pt": 1, "mc": [{"id": "1.7", "rc": [{"id": "x"}]}]}', "no message"),
        ('{"op": "mcm", "pt": 1, "mc": [{"id": "1.8", "rc": []}]}', "before the market's image"),
        (message(1, marketDefinition=definition(marketTime="soon")), "soon"),
        (message(1, marketDefinition=definition(runners=[])), "0 runners"),
    ],
)
def test_a_line_that_cannot_be_is_reported_by_its_number_and_the_rest_goes_on(
    tmp_path: Path, line: str, words: str
) -> None:
    errors: list[RowError] = []
    fresh = message(9, marketDefinition=definition(), rc=at_prices(2.9, 3.4, 3.0))

    told = told_of(tmp_path, IMAGE, line, fresh, report=errors.append)

    assert [(error.file, error.line) for error in errors] == [("stream.bz2", 2)]
    assert words in errors[0].reason
    last = told[-1]
    assert isinstance(last, events.OddsChanged)
    assert last.data.home == 2.9


def ladder(back: float, lay: float) -> dict[str, object]:
    return {"atb": [[back, 10]], "atl": [[lay, 10]]}


def test_a_market_that_cannot_be_read_takes_no_other_with_it(tmp_path: Path) -> None:
    errors: list[RowError] = []
    rc = [{"id": HOME, "ltp": 2.0}]
    line = json.dumps(
        {
            "op": "mcm",
            "pt": START_MS + 1000,
            "mc": [{"id": "1.8", "marketDefinition": {"eventId": "1"}}, {"id": "1.7", "rc": rc}],
        }
    )

    told = told_of(tmp_path, IMAGE, line, report=errors.append)

    assert [error.line for error in errors] == [2]
    assert "1.8" in errors[0].reason
    assert isinstance(told[-1], events.OddsChanged)
    assert told[-1].data.home == 2.0


def test_after_a_change_that_was_lost_levels_say_nothing_until_the_next_image(
    tmp_path: Path,
) -> None:
    errors: list[RowError] = []
    levels = [{"id": name, **ladder(3.0, 3.02)} for name in (HOME, AWAY, DRAW)]
    lost = message(1, rc=[{"id": HOME, "atb": "?"}])

    told = told_of(tmp_path, IMAGE, lost, message(2, rc=levels), report=errors.append)
    whole = message(3, img=True, marketDefinition=definition(), rc=levels)
    after = told_of(tmp_path, IMAGE, lost, message(2, rc=levels), whole, report=errors.append)

    assert [event.data.home for event in told if isinstance(event, events.OddsChanged)] == [2.5]
    assert isinstance(after[-1], events.OddsChanged)
    assert after[-1].data.home == pytest.approx(3.01, abs=0.001)


def test_a_handicap_of_null_is_none(tmp_path: Path) -> None:
    rc = [{**each, "hc": None} for each in at_prices(2.5, 3.4, 3.0)]

    told = told_of(tmp_path, message(0, img=True, marketDefinition=definition(), rc=rc))

    assert isinstance(told[-1], events.OddsChanged)


def test_a_recording_that_begins_in_play_started_at_the_market_time(tmp_path: Path) -> None:
    in_play = definition(inPlay=True)
    late = 3600 + 15 * 60

    told = told_of(
        tmp_path,
        message(late, img=True, marketDefinition=in_play, rc=at_prices(2.5, 3.4, 3.0)),
    )

    (started,) = [event for event in told if isinstance(event, events.MatchStarted)]
    assert started.time.isoformat() == "2025-01-18T15:00:00+00:00"


def test_heartbeats_and_answers_are_no_changes(tmp_path: Path) -> None:
    tally = Tally()
    beat = '{"op": "mcm", "pt": 1737208800000, "ct": "HEARTBEAT"}'

    told_of(tmp_path, IMAGE, beat, '{"op": "status", "id": 1}', tally=tally)

    assert (tally.messages, tally.heartbeats, tally.changes) == (2, 1, 1)


def test_an_event_in_no_table_is_reported_once_and_not_published(tmp_path: Path) -> None:
    errors: list[RowError] = []
    strange = definition(eventId="1")

    told = told_of(
        tmp_path,
        message(0, img=True, marketDefinition=strange, rc=at_prices(2.5, 3.4, 3.0)),
        message(1, rc=at_prices(2.6, 3.4, 3.0)),
        report=errors.append,
    )

    assert told == []
    assert len(errors) == 1
    assert "Leicester v Fulham" in errors[0].reason


def test_a_recording_that_breaks_off_says_where(tmp_path: Path) -> None:
    path = tmp_path / "stream.bz2"
    path.write_bytes(bz2.compress(IMAGE.encode())[:-20])

    with pytest.raises(FeedError, match=r"stream\.bz2 cannot be read beyond line"):
        list(read_messages(path, unexpected))


def test_plain_files_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "stream"
    path.write_text(f"{IMAGE}\n\n{IMAGE}\n")

    assert [number for number, _ in read_messages(path, unexpected)] == [1, 3]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({}, "competition"),
        ({"competition": "xx"}, "no competition"),
        ({"competition": "e0", "home": "!"}, "no letter"),
        ({"competition": "e0", "guess": "yes"}, "guess"),
    ],
)
def test_a_table_of_fixtures_that_makes_no_sense_is_refused(
    tmp_path: Path, entry: dict[str, Any], words: str
) -> None:
    path = tmp_path / "fixtures.toml"
    cells = {"season": "2024-25", "home": "Leicester", "away": "Fulham", **entry}
    path.write_text("[1]\n" + "\n".join(f'{name} = "{word}"' for name, word in cells.items()))

    with pytest.raises(SettingsError, match=words):
        load_fixtures(path, load_competitions())
