// The model beside the market, part by part: a row each, both as dots on one scale, with the range.

import { make } from "./dom.js";

const TITLES = {
  minute: ["As the match goes on", "Log-loss of the forecast at these minutes; the less time is left, the surer it can be."],
  competition: ["League by league", "Log-loss in each league: the dot is SabiScore with its range, the line across is the market."],
  month: ["Month by month", "Log-loss in each month: the dot is SabiScore, the line across is the market."],
  season: ["Season by season", "Log-loss in each season: the dot is SabiScore with its range, the line across is the market."],
};
const MOST_OPEN = 20;
const PREFERRED = ["served", "pool_closing", "stack"];

function place(value, [low, high]) {
  return `${(100 * (value - low)) / (high - low)}%`;
}

function scale(rows) {
  const all = rows.flatMap(({ log_loss: loss, market }) => [loss.low ?? loss.value, loss.high ?? loss.value, market]).filter((value) => Number.isFinite(value));
  const low = Math.min(...all);
  const high = Math.max(...all);
  const room = (high - low || 0.1) * 0.06;
  return [low - room, high + room];
}

function track(loss, market, ends) {
  const dot = make("span", "dot");
  dot.style.left = place(loss.value, ends);
  const parts = [dot];
  if (loss.low !== undefined) {
    const range = make("span", "range");
    range.style.left = place(loss.low, ends);
    range.style.right = `calc(100% - ${place(loss.high, ends)})`;
    parts.unshift(range);
  }
  if (Number.isFinite(market)) {
    const line = make("span", "price");
    line.style.left = place(market, ends);
    parts.push(line);
  }
  const element = make("span", "scale", ...parts);
  element.setAttribute("aria-hidden", "true");
  return element;
}

// Versions tell some parts briefly, by one number for each forecaster.
function alike(part) {
  const loss = part.log_loss ?? part.served ?? part.stack;
  return { ...part, part: part.part ?? part.month ?? "", log_loss: typeof loss === "object" ? loss : { value: loss } };
}

const order = (name) => (PREFERRED.includes(name) ? PREFERRED.indexOf(name) : PREFERRED.length);

// Beside the market where that is known of the same matches.
const rank = ({ forecaster, market }) => order(forecaster) + (Number.isFinite(market) ? 0 : PREFERRED.length + 1);

// What is served of each part, where it was measured: a league without prices has the stack alone.
function best(parts) {
  const found = new Map();
  for (const part of parts) {
    const held = found.get(part.part);
    if (!held || rank(part) < rank(held)) found.set(part.part, part);
  }
  return [...found.values()];
}

export function compare(section, by, parts, names) {
  const rows = best(parts.map(alike).filter((part) => Number.isFinite(part.log_loss?.value)));
  if (!rows.length) return null;
  const [title, hint] = TITLES[by] ?? [`By ${by}`, "Log-loss: lower is better; the line across is the market."];
  const card = section(`by-${by}-title`, title, hint);
  const ends = scale(rows);
  const head = make("tr", "", ...["", "SabiScore", "Market", "← better · worse →", "Matches"].map((words, n) => {
    const cell = make("th", n === 3 ? "wide" : "", words);
    cell.scope = "col";
    return cell;
  }));
  const body = rows.map((row) => {
    const name = make("th", "", by === "minute" ? `${parseInt(row.part, 10)}′` : names.get(row.part)?.name ?? row.part);
    name.scope = "row";
    return make("tr", "", name, make("td", "", row.log_loss.value.toFixed(3)), make("td", "", row.market?.toFixed(3) ?? "–"),
      make("td", "wide", track(row.log_loss, row.market, ends)), make("td", "", row.rows.toLocaleString("en-GB")));
  });
  const told = make("table", "figures compared", make("caption", "unseen", title), make("thead", "", head), make("tbody", "", ...body));
  card.append(rows.length > MOST_OPEN ? make("details", "", make("summary", "", `${rows.length} parts`), told) : told);
  return card;
}
