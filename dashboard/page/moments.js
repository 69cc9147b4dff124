// What happened, newest first, and why the last of it moved the forecast.

import { make } from "./dom.js";
import { icon } from "./icons.js";
import { because } from "./reasons.js";
import { chapters, size } from "./story.js";
import { SIDES, shortDay, signed, time } from "./words.js";

const BIGGEST = 3;

const names = (match) => ({ home: match.home_team, draw: "draw", away: match.away_team });

function changes(change, match) {
  const list = make("span", "changes");
  if (!change) return list;
  for (const side of SIDES) {
    if (Math.abs(change[side]) < 0.005) continue;
    list.append(make("span", `move of-${side}`, `${names(match)[side]} ${signed(change[side])}`), " ");
  }
  if (!list.childElementCount) list.append(make("span", "still", "hardly moved"));
  return list;
}

function when(moment) {
  if (moment.kind === "quiet" && moment.from !== null && moment.until !== moment.from) return `${moment.from}′–${moment.until}′`;
  if (moment.minute === null) return `${shortDay(moment.as_of)}, ${time(moment.as_of)}`;
  return `${moment.at ?? moment.minute}′`;
}

const score = (moment) => (["goal", "withdrawn", "end"].includes(moment.kind) && moment.score ? `${moment.score.home}–${moment.score.away}` : "");

function title(moment) {
  if (moment.kind !== "quiet") return moment.title;
  return moment.minute === null ? "Before the match" : "Minutes pass";
}

function item(moment, match) {
  const what = make("span", "what", make("strong", "", title(moment)), " ");
  if (score(moment)) what.append(make("span", "then", score(moment)));
  return make("li", `moment ${moment.kind}`, make("span", "at", when(moment)), icon(moment.kind, moment.minute), what, changes(moment.change, match));
}

// Rows that are there already stay: only what is new or different is put in.
export function tellMoments(list, told, match) {
  const wanted = told.toReversed().map((moment) => [`${moment.kind} ${moment.epoch}-${moment.revision} ${moment.until ?? ""} ${moment.score?.home ?? ""} ${moment.incident ?? ""}`, moment]);
  const there = new Map([...list.children].map((each) => [each.dataset.key, each]));
  const rows = wanted.map(([key, moment]) => {
    const row = there.get(key) ?? item(moment, match);
    row.dataset.key = key;
    return row;
  });
  list.replaceChildren(...rows);
}

const largest = (moved) => moved.toSorted((a, b) => size(b.change) - size(a.change))[0];

export function tellReasons(place, told, match) {
  const all = chapters(told);
  const moved = told.filter((moment) => moment.change && size(moment.change) >= 0.005);
  const last = (match.status === "finished" ? largest(moved.filter((moment) => moment.minute !== null)) : moved.at(-1)) ?? told.at(-1);
  const key = `${last.epoch}-${last.revision} ${match.status}`;
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  const biggest = all.filter((moment) => moment.change && moment.revision !== last.revision && moment.kind !== "end")
    .sort((a, b) => size(b.change) - size(a.change)).slice(0, BIGGEST).filter((moment) => size(moment.change) >= 0.02);
  const head = make("p", "last", make("span", "at", when(last)), icon(last.kind, last.minute), make("strong", "", last.title));
  place.replaceChildren(head, make("p", "because", because(last, match)), changes(last.change, match));
  if (!biggest.length) return;
  const rows = biggest.map((moment) => make("li", `moment ${moment.kind}`, make("span", "at", when(moment)), icon(moment.kind, moment.minute), make("span", "what", make("strong", "", title(moment))), changes(moment.change, match)));
  place.append(make("h3", "", "Other big moves"), make("ol", "moments", ...rows));
}
