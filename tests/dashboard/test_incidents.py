"""Incidents of a match: those that stand, from Postgres, and upon the page of the match."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from playwright.async_api import expect

from dashboard.incidents import standing
from schemas.events import IncidentKind, Operation, Side, encode_event
from schemas.forecast import Cause, Score
from tests.dashboard.bodies import KICK_OFF, MATCH_ID
from tests.dashboard.browser import browser, find
from tests.dashboard.rows import archive
from tests.features.story import goal

CHROMIUM = find()
PATH = f"/v1/matches/{MATCH_ID}/incidents"


def after(minutes: float) -> dt.datetime:
    """An instant so many minutes after kick-off."""
    return KICK_OFF + dt.timedelta(minutes=minutes)


def told(incident: str, minute: int, kind: IncidentKind, **more: Any) -> bytes:
    """An event of this match as a feed sends it."""
    time = more.pop("time", after(minute))
    return encode_event(goal(MATCH_ID, incident, minute, kind=kind, time=time, **more))


def test_of_each_incident_the_highest_revision_stands_and_what_was_withdrawn_does_not() -> None:
    found = standing(
        MATCH_ID,
        [
            told("b", 30, IncidentKind.VAR),
            told("a", 12, IncidentKind.GOAL, revision=2, time=after(14)),
            told("a", 11, IncidentKind.GOAL),
            told("c", 40, IncidentKind.YELLOW),
            told("c", 40, IncidentKind.YELLOW, revision=2, op=Operation.RETRACT),
            told("z", 30, IncidentKind.YELLOW, source="another"),
            b"no event",
        ],
    )

    assert (found.source, found.complete) == ("test", True)
    assert [(each.incident_id, each.kind, each.minute) for each in found.incidents] == [
        ("a", "goal", 12),
        ("b", "var", 30),
    ]


async def test_incidents_come_from_postgres_and_without_it_nobody_claims_to_know(
    valkey: Any, forecast: Any, served: Any, postgres_url: str, namespace: str
) -> None:
    archive(postgres_url, namespace, told("a", 12, IncidentKind.YELLOW, side=Side.AWAY))
    archive(postgres_url, "another-run", told("b", 20, IncidentKind.YELLOW))
    valkey.commit(forecast(), namespace=namespace)
    async with served(namespace=namespace, database_url=postgres_url) as client:
        answer = await client.get(PATH)
        again = await client.get(PATH, headers={"If-None-Match": answer.headers["etag"]})
        unknown = await client.get("/v1/matches/e0-2024-25-nobody-nowhere-1/incidents")
    async with served(namespace=namespace) as client:
        without = (await client.get(PATH)).json()

    (only,) = answer.json()["incidents"]
    assert (only["incident_id"], only["kind"], only["side"]) == ("a", "yellow", "away")
    assert (again.status_code, again.content) == (304, b"")
    assert unknown.status_code == 404
    assert (without["complete"], without["incidents"]) == (False, [])


@pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine; Debian has it in the package chromium"
)
async def test_cards_and_reviews_that_moved_no_forecast_are_on_the_chart_and_in_the_list(
    valkey: Any, forecast: Any, served: Any, postgres_url: str, namespace: str
) -> None:
    archive(
        postgres_url,
        namespace,
        told("y", 12, IncidentKind.YELLOW),
        told("v", 30, IncidentKind.VAR, side=Side.AWAY),
        told("p", 50, IncidentKind.PENALTY_MISSED),
    )
    async with served(namespace=namespace, database_url=postgres_url) as client:
        for revision, minute in ((1, None), (2, 0), (3, 20), (4, 60)):
            tick = Cause(f"t{minute}", "clock.tick", f"Minute {minute}")
            playing = {} if minute is None else {"minute": minute, "score": Score(0, 0)}
            body = forecast(
                revision=revision,
                status="scheduled" if minute is None else "live",
                as_of=after(-60 if minute is None else minute),
                cause=tick,
                **playing,
            )
            valkey.commit(body, namespace=namespace)
        async with browser(CHROMIUM or "") as (page, errors):
            await page.goto(f"{client.base_url}/matches/{MATCH_ID}")

            moments = page.locator(".moments .moment .what strong")
            await expect(moments.get_by_text("Video review, Chelsea")).to_be_visible()
            await expect(moments.get_by_text("Yellow card, Arsenal")).to_be_visible()
            await expect(moments.get_by_text("Penalty missed, Arsenal")).to_be_visible()
            for kind in ("yellow", "var", "missed"):
                await expect(page.locator(f".marks .mark-of.{kind}")).to_have_count(1)
            assert errors == []
