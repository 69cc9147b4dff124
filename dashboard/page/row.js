// One match as a list item: made once, then changed in place, so that nothing flickers.

import { QUALITY, ago, dayAndTime, local, share, time, when } from "./words.js";

const SIDES = ["home", "draw", "away"];

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// Writes only what differs, and says whether something did.
function write(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

function flash(element) {
  element.classList.remove("flash");
  void element.offsetWidth; // begins the animation anew
  element.classList.add("flash");
}

function makeView(kind, label) {
  const name = make("span", "name", label);
  const numbers = SIDES.map(() => make("span", `share ${kind}`));
  const bar = make("span", `bar ${kind}`);
  const parts = SIDES.map((side) => make("span", side));
  bar.append(...parts);
  return { all: [name, ...numbers, bar], name, numbers, bar, parts };
}

function fillView(view, probabilities, isNew) {
  SIDES.forEach((side, n) => {
    if (write(view.numbers[n], share(probabilities[side])) && !isNew) flash(view.numbers[n]);
    const width = String(Math.max(probabilities[side], 0.001));
    if (view.parts[n].style.flexGrow !== width) view.parts[n].style.flexGrow = width;
  });
}

export class Row {
  constructor(match) {
    this.item = make("li", "match");
    this.when = make("div", "when");
    this.minute = make("strong");
    this.kickOff = make("span");
    this.when.append(this.minute, this.kickOff);
    const teams = make("div", "teams");
    this.names = [make("span", "team"), make("span", "team")];
    this.goals = [make("span", "goals"), make("span", "goals")];
    teams.append(this.names[0], this.goals[0], this.names[1], this.goals[1]);
    this.views = make("div", "views");
    this.views.setAttribute("aria-hidden", "true");
    this.ours = makeView("ours", "Forecast");
    this.market = makeView("market", "Market");
    this.noMarket = make("span", "market none", "no price yet");
    this.views.append(...this.ours.all, ...this.market.all, this.noMarket);
    this.spoken = make("span", "unseen");
    this.note = make("div", "note");
    this.chips = make("div", "chips");
    this.quality = make("span", "chip");
    this.simulated = make("span", "chip simulated", "simulated");
    this.age = make("span", "age");
    this.chips.append(this.quality, this.simulated, this.age);
    this.why = make("div", "why");
    this.note.append(this.why, this.chips);
    this.item.append(this.when, teams, this.views, this.spoken, this.note);
    this.update(match, true);
  }

  update(match, isNew = false) {
    this.match = match;
    this.item.dataset.status = match.status;
    write(this.minute, when(match));
    write(this.kickOff, match.status === "scheduled" ? "" : time(match.kick_off));
    this.when.title = `${dayAndTime(match.kick_off)} (${local(match.kick_off)})`;
    write(this.names[0], match.home_team);
    write(this.names[1], match.away_team);
    const goals = match.score ? [match.score.home, match.score.away] : ["", ""];
    goals.forEach((count, n) => {
      if (write(this.goals[n], String(count)) && !isNew) flash(this.goals[n]);
    });
    this.updateViews(match, isNew);
    this.updateNote(match);
  }

  updateViews(match, isNew) {
    fillView(this.ours, match, isNew);
    const ours = SIDES.map((side) => match[side]);
    const top = ours.indexOf(Math.max(...ours));
    this.ours.numbers.forEach((number, n) => number.classList.toggle("top-pick", n === top));
    const { market } = match;
    if (market) fillView(this.market, market, true);
    for (const element of this.market.all.slice(1)) element.hidden = !market;
    this.noMarket.hidden = Boolean(market);
    this.market.name.title = market
      ? `${market.bookmaker}, ${market.phase} prices of ${dayAndTime(market.as_of)}`
      : "";
    const tell = (view) => SIDES.map((side) => `${side} ${share(view[side])}`).join(", ");
    write(this.spoken, `Forecast: ${tell(match)}. ${market ? `Market: ${tell(market)}.` : "No market price yet."}`);
  }

  updateNote(match) {
    const [label, meaning] = QUALITY[match.quality] ?? [match.quality, ""];
    this.quality.className = `chip ${match.quality}`;
    write(this.quality, label);
    this.quality.title = meaning;
    this.simulated.hidden = !match.simulated;
    write(this.why, match.cause.words || match.cause.type);
    this.note.title = `Revision ${match.revision} by ${match.model}, ${dayAndTime(match.as_of)}`;
  }

  // *now* is the feed's clock in milliseconds: in a replay, yesterday's match is not a year old.
  tellAge(now) {
    const seconds = Math.max((now - Date.parse(this.match.as_of)) / 1000, 0);
    write(this.age, `as of ${time(this.match.as_of)} · ${ago(seconds)}`);
  }
}
