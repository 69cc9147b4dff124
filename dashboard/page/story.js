// A match told as moments: what each revision was about, where it stands on the chart. Pure.

import { SIDES } from "./words.js";

const INCIDENTS = {
  Goal: "goal", "Own goal": "goal", "Penalty missed": "missed", "Yellow card": "yellow",
  "Second yellow card": "red", "Red card": "red", Substitution: "substitution", "Video review": "var",
};
const KINDS = {
  "match.started": "start", "match.period": "period", "match.finished": "end", "match.statistics": "statistics",
  "odds.changed": "odds", "odds.suspended": "odds", "fixture.scheduled": "fixture",
  "model.promoted": "model", "model.rolled_back": "model", "feed.silent": "feed", "feed.status": "feed",
};
const INCIDENT = /^(.+?), (.+) \((\d+)(?:\+(\d+))?'\)(, withdrawn)?: /;
const NEW_DAY = "The day ";
const ELSEWHERE = "Result elsewhere";
const BEFORE_WIDTH = 22;

const CALLED = new Set(["postponed", "cancelled", "abandoned", "awarded"]);

function kindOf({ cause, status }) {
  if (cause.words.startsWith(ELSEWHERE)) return { kind: "elsewhere" };
  if (cause.type === "clock.tick") return { kind: cause.words.startsWith(NEW_DAY) ? "day" : "tick" };
  if (cause.type === "fixture.changed") return { kind: CALLED.has(status) ? "called" : "moved" };
  const told = cause.type === "match.incident" && cause.words.match(INCIDENT);
  if (!told) return { kind: KINDS[cause.type] ?? "other" };
  const [, what, team, minute, stoppage, withdrawn] = told;
  return { kind: withdrawn ? "withdrawn" : INCIDENTS[what] ?? "other", team, at: stoppage ? `${minute}+${stoppage}` : minute };
}

export const total = (score) => (score ? score.home + score.away : 0);

// Who gained by a change of the score, whatever event told of it.
function scorer(before, now) {
  if (!now || total(before) === total(now)) return null;
  const home = now.home - (before?.home ?? 0);
  const away = now.away - (before?.away ?? 0);
  return Math.abs(home) > Math.abs(away) ? { side: "home", undone: home < 0 } : { side: "away", undone: away < 0 };
}

const slug = (name) => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");

// Which of the two teams another match was of; its id names both of its teams.
function elsewhere(words, teams) {
  const one = [teams.home, teams.away].filter((team) => words.includes(`-${slug(team)}-`));
  return one.length === 1 ? `${one[0]} ended another match` : "Another match ended";
}

// "Goal, Brentford (68'): Aston Villa 2–3 Brentford" says the score twice where it stands beside it.
export function headline(cause, teams = null) {
  if (teams && cause.words.startsWith(ELSEWHERE)) return elsewhere(cause.words, teams);
  if (cause.words.startsWith(NEW_DAY)) return "A new day: table and ratings";
  if (cause.words.startsWith("Full-time:")) return "Full-time";
  const told = cause.words.match(INCIDENT);
  if (!told) return cause.words.replace(" of avg:", ", average:");
  const [, what, team, , , withdrawn] = told;
  return `${what}${withdrawn ? " withdrawn" : ""}, ${team}`;
}

function sideOf(told, gained, teams) {
  if (gained) return gained.side;
  return told.team === teams.home ? "home" : told.team === teams.away ? "away" : null;
}

const TELLS = { yellow: ["yellow", "Yellow card"], penalty_missed: ["missed", "Penalty missed"], var: ["var", "Video review"] };
const STILL = Object.fromEntries(SIDES.map((side) => [side, 0]));

// Incidents that moved no forecast stand where they happened, upon the revision that held then.
function woven(told, incidents, teams) {
  const known = new Set(told.map((moment) => moment.cause.event_id));
  const all = [...told];
  for (const each of incidents) {
    if (!TELLS[each.kind] || known.has(each.event_id)) continue;
    const at = Date.parse(each.at);
    const place = all.findLastIndex((moment) => Date.parse(moment.as_of) <= at);
    if (place < 0) continue;
    const base = all[place];
    const [kind, what] = TELLS[each.kind];
    const x = Math.min(Math.max(each.minute, base.x), all[place + 1]?.x ?? Infinity);
    all.splice(place + 1, 0, {
      ...base, kind, x, as_of: each.at, minute: each.minute, at: each.stoppage ? `${each.minute}+${each.stoppage}` : each.minute,
      side: each.side, title: `${what}, ${teams[each.side] ?? each.side}`, incident: each.incident_id,
      change: STILL, move: 0, undone: false, previous: base.score,
    });
  }
  return all;
}

// *points* in order of (epoch, revision); *teams* has home and away by name.
export function moments(points, teams, incidents = []) {
  const before = points.filter((point) => point.minute === null).length;
  const step = BEFORE_WIDTH / Math.max(before, 1);
  let minute = 0;
  const told = points.map((point, n) => {
    const what = kindOf(point);
    const gained = scorer(points[n - 1]?.score, point.score);
    // A correction may turn the clock back; the chart goes on where it was.
    minute = Math.max(minute, point.minute ?? 0);
    if (gained && n && !SETTLES.has(what.kind)) what.kind = gained.undone ? "withdrawn" : "goal";
    return {
      ...point, ...what,
      side: sideOf(what, gained, teams),
      undone: gained?.undone ?? false,
      title: headline(point.cause, teams),
      x: point.minute === null ? (n - before) * step : minute,
      previous: n ? points[n - 1].score : null,
      move: n ? Math.max(...SIDES.map((side) => Math.abs(point[side] - points[n - 1][side]))) : 0,
      change: n ? Object.fromEntries(SIDES.map((side) => [side, point[side] - points[n - 1][side]])) : null,
    };
  });
  return incidents.length ? woven(told, incidents, teams) : told;
}

const SETTLES = new Set(["withdrawn", "called", "moved"]);
const QUIET = new Set(["tick", "statistics", "other", "substitution"]);
const ALWAYS = new Set(["goal", "red", "withdrawn", "var", "start", "end", "missed", "model", "called", "moved"]);

// What a reader wants to hear of: quiet minutes in a row become one moment.
export function chapters(all) {
  const told = [];
  for (const moment of all) {
    const last = told.at(-1);
    if (QUIET.has(moment.kind) && last?.kind === "quiet") {
      last.until = moment.minute ?? last.until;
      for (const side of SIDES) last.change[side] += moment.change[side];
    } else if (QUIET.has(moment.kind) && moment.change) {
      told.push({ ...moment, kind: "quiet", from: moment.minute, until: moment.minute, change: { ...moment.change } });
    } else told.push(moment);
  }
  return told.filter((moment) => ALWAYS.has(moment.kind) || !moment.change || size(moment.change) >= 0.005 || moment.kind === "yellow");
}

export const size = (change) => Math.max(...SIDES.map((side) => Math.abs(change[side])));

// The last forecast before play, which movement since kick-off is measured from.
export function atKickOff(points) {
  const first = points.findIndex((point) => point.minute !== null);
  if (first < 0) return null;
  return first > 0 ? points[first - 1] : points[0].minute === 0 ? points[0] : null;
}

// A forecast as it arrives by the stream, in the shape of a point of the timeline.
export const pointOf = ({ epoch, revision, as_of, status, minute, score, home, draw, away, market, delta, cause, quality, model, expected_goals, over_2_5, both_score }) =>
  ({ epoch, revision, as_of, status, minute, score, home, draw, away, market, delta, cause, quality, model, expected_goals, over_2_5, both_score });
