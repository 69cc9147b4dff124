// One match as a list item: made once, then changed in place, so that nothing flickers.

import { View, tell } from "./bars.js";
import { flash, link, make, write } from "./dom.js";
import { icon } from "./icons.js";
import { Movement } from "./movement.js";
import { headline } from "./story.js";
import { QUALITY, SIDES, ago, signed, time, when } from "./words.js";

const OLD_S = 600; // a match in play of which nothing was heard for so long is not what it looks like

export class Row {
  constructor(match) {
    this.item = make("li", "match");
    this.item.row = this;
    this.cover = link(`/matches/${match.match_id}`, "cover");
    this.minute = make("strong");
    this.kickOff = make("span");
    this.names = [make("span", "team"), make("span", "team")];
    this.goals = [make("span", "goals"), make("span", "goals")];
    const teams = make("div", "teams", this.names[0], this.goals[0], this.names[1], this.goals[1]);
    this.ours = new View("ours", "Forecast");
    this.market = new View("market", "Market");
    this.noMarket = make("span", "market none", "no price yet");
    this.movement = new Movement();
    const views = make("div", "views", ...this.ours.all, ...this.market.all, this.noMarket, ...this.movement.all);
    views.setAttribute("aria-hidden", "true");
    this.spoken = make("span", "unseen");
    this.item.append(this.cover, make("div", "when", this.minute, this.kickOff), teams, views, this.spoken, this.makeNote());
    this.update(match, true);
  }

  makeNote() {
    this.why = make("span", "words");
    this.move = make("span", "move");
    this.mark = make("span", "mark");
    this.quality = make("span", "chip");
    this.simulated = make("span", "chip simulated", "simulated");
    this.age = make("span", "age");
    return make("div", "note", make("div", "why", this.mark, this.why, this.move), make("div", "chips", this.quality, this.simulated, this.age));
  }

  update(match, isNew = false) {
    this.match = match;
    this.item.dataset.status = match.status;
    write(this.minute, when(match));
    write(this.kickOff, match.status === "scheduled" ? "" : time(match.kick_off));
    write(this.names[0], match.home_team);
    write(this.names[1], match.away_team);
    const goals = match.score ? [match.score.home, match.score.away] : ["", ""];
    goals.forEach((count, n) => {
      if (write(this.goals[n], String(count)) && !isNew) flash(this.goals[n]);
    });
    this.updateViews(match, isNew);
    this.movement.follow(match);
    this.updateNote();
  }

  updateViews(match, isNew) {
    this.ours.fill(match, isNew);
    const ours = SIDES.map((side) => match[side]);
    const top = ours.indexOf(Math.max(...ours));
    this.ours.numbers.forEach((number, n) => number.classList.toggle("top-pick", n === top));
    const { market } = match;
    if (market) this.market.fill(market, true);
    for (const element of this.market.all.slice(1)) element.hidden = !market;
    this.noMarket.hidden = Boolean(market);
    this.cover.setAttribute("aria-label", `${match.home_team} against ${match.away_team}: chart and reasons`);
    write(this.spoken, `Forecast: ${tell(match)}. ${market ? `Market: ${tell(market)}.` : "No market price yet."}`);
  }

  // The last thing that happened, not the last minute that passed, where we know it.
  updateNote() {
    const { match } = this;
    const notable = this.movement.notable;
    const [label] = QUALITY[match.quality] ?? [match.quality];
    this.quality.className = `chip ${match.quality}`;
    write(this.quality, label);
    this.simulated.hidden = !match.simulated;
    if (notable?.kind === "start" && match.status === "live") {
      write(this.why, "No goal so far");
      this.mark.replaceChildren();
      return this.tellMove(this.movement.since ?? match.delta);
    }
    const minute = notable?.at ? ` ${notable.at}′` : "";
    write(this.why, notable ? `${notable.title}${minute}` : headline(match.cause, { home: match.home_team, away: match.away_team }) || match.cause.type);
    this.mark.replaceChildren(...(notable && ["goal", "red", "yellow", "withdrawn"].includes(notable.kind) ? [icon(notable.kind)] : []));
    return this.tellMove(notable?.change ?? match.delta);
  }

  tellMove(change) {
    const [side, most] = SIDES.map((each) => [each, change[each]]).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))[0];
    this.move.hidden = Math.abs(most) < 0.005;
    this.move.className = `move of-${side}`;
    write(this.move, `${side} ${signed(most)}`);
  }

  tellHistory(points) {
    this.movement.begin(points, this.match);
    this.updateNote();
  }

  // *now* is the feed's clock in milliseconds: in a replay, yesterday's match is not a year old.
  tellAge(now) {
    const seconds = Math.max((now - Date.parse(this.match.as_of)) / 1000, 0);
    this.age.classList.toggle("old", this.match.status === "live" && seconds > OLD_S);
    write(this.age, `as of ${time(this.match.as_of)} · ${ago(seconds)}`);
  }
}
