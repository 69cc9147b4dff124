// Goals, cards and the rest upon a chart: home at its foot, away at its head, as their bands lie.

import { make } from "./dom.js";
import { icon } from "./icons.js";

const NARROW = 480;
const WIDTHS = { goal: 44, red: 14, yellow: 10, withdrawn: 30, var: 30, missed: 14, odds: 12, model: 16 };
const NARROW_GOAL = 20;
const ROW = 20;
const MOST_ROWS = 4;
const LEAST_ODDS_MOVE = 0.01;

const isMarked = (moment) => moment.kind in WIDTHS && (moment.kind !== "odds" || moment.move >= LEAST_ODDS_MOVE);

function markOf(moment, left, narrow) {
  const mark = make("span", `mark-of ${moment.kind}${narrow ? " bare" : ""}`, icon(moment.kind));
  if (moment.kind === "goal" && !narrow) mark.append(`${moment.score.home}–${moment.score.away}`);
  mark.style.left = `${left}px`;
  return mark;
}

function lineAt(left, kind) {
  const line = make("span", `line ${kind}`);
  line.style.left = `${left}px`;
  return line;
}

// Each in the first row of its side where it does not lie on another.
function rowFor(taken, left, width) {
  let row = taken.findIndex((until) => until < left);
  if (row < 0) row = Math.min(taken.length, MOST_ROWS - 1);
  taken[row] = left + width;
  return row;
}

export function placeMarks(u, moments) {
  if (!u?.over) return;
  const layer = u.over.querySelector(".marks") ?? u.over.appendChild(make("div", "marks"));
  layer.setAttribute("aria-hidden", "true");
  const taken = { home: [], away: [] };
  const right = u.over.clientWidth;
  const narrow = right < NARROW;
  const lines = [lineAt(u.valToPos(0, "x"), "start")];
  const marks = [];
  for (const moment of moments.filter(isMarked)) {
    const side = moment.side ?? "away";
    const x = u.valToPos(moment.x, "x");
    const width = narrow && moment.kind === "goal" ? NARROW_GOAL : WIDTHS[moment.kind];
    const left = Math.min(x, right - width / 2);
    const row = rowFor(taken[side], left - width / 2, width);
    const mark = markOf(moment, left, narrow);
    mark.style[side === "home" ? "bottom" : "top"] = `${4 + row * ROW}px`;
    if (["goal", "red", "withdrawn"].includes(moment.kind)) lines.push(lineAt(x, moment.kind));
    marks.push(mark);
  }
  layer.replaceChildren(...lines, ...marks);
}
