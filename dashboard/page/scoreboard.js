// The head of a match's page: who plays, how it stands, what is likely, and what the market thought.

import { fillBar, makeBar, tell } from "./bars.js";
import { flash, make, write } from "./dom.js";
import { atKickOff } from "./story.js";
import { ago, QUALITY, SIDES, day, dayAndTime, dayOf, share, shortDay, signed, time, when } from "./words.js";

export class Scoreboard {
  constructor(place) {
    this.home = make("span", "side");
    this.goals = make("span", "score");
    this.away = make("span", "side");
    this.state = make("p", "state");
    this.minute = make("strong", "minute");
    this.since = make("span");
    this.quality = make("span", "chip");
    this.state.append(this.minute, this.since, this.quality);
    this.outcomes = SIDES.map((side) => make("div", `outcome of-${side}`, make("strong"), make("span", "moved", make("b"), make("span", "long")), make("span", "name")));
    this.bar = makeBar("ours tall");
    this.marketBar = makeBar("market");
    this.prices = SIDES.map(() => make("span", "", make("span", "long"), make("span")));
    this.short = make("p", "short");
    this.priced = make("div", "priced", ...this.prices);
    this.spoken = make("p", "unseen");
    const shown = make("div", "shown", make("div", "outcomes", ...this.outcomes), this.bar, this.marketBar, this.priced, this.short);
    shown.setAttribute("aria-hidden", "true");
    place.append(make("h1", "", this.home, " ", this.goals, " ", this.away), this.state, shown, this.spoken);
  }

  // *now* is the feed's clock in milliseconds.
  tell(match, points, now) {
    const isNew = !this.match;
    this.match = match;
    write(this.home, match.home_team);
    write(this.away, match.away_team);
    const changed = write(this.goals, match.score ? `${match.score.home}–${match.score.away}` : "v");
    if (changed && !isNew) flash(this.goals);
    const isComing = match.status === "scheduled";
    write(this.minute, isComing ? `${when(match)} UTC` : when(match));
    this.minute.dataset.status = match.status;
    const began = match.status === "live" || match.status === "finished" || match.minute !== null;
    write(this.since, isComing ? day(dayOf(match.kick_off)) : `${began ? "kicked off" : "was to kick off"} ${dayAndTime(match.kick_off)}`);
    const [label, meaning] = QUALITY[match.quality] ?? [match.quality, ""];
    this.quality.className = `chip ${match.quality}`;
    this.quality.title = meaning;
    this.label = label;
    this.tellAge(now);
    this.tellChances(match, isNew);
    this.tellMarket(match, points);
  }

  // How old it is goes on by itself; of a match that is over nothing newer is awaited.
  tellAge(now) {
    const { match } = this;
    if (!match) return;
    const age = match.quality === "final" ? "" : `, ${ago(Math.max(now - Date.parse(match.as_of), 0) / 1000)}`;
    write(this.quality, `${this.label} · as of ${dayOf(match.as_of) === dayOf(now) ? "" : `${shortDay(match.as_of)}, `}${time(match.as_of)}${age}`);
  }

  tellChances(match, isNew) {
    const names = { home: `${match.home_team} win`, draw: "Draw", away: `${match.away_team} win` };
    SIDES.forEach((side, n) => {
      const [number, , name] = this.outcomes[n].children;
      if (write(number, share(match[side])) && !isNew) flash(number);
      write(name, names[side]);
    });
    fillBar(this.bar, match);
  }

  tellMarket(match, points) {
    const start = atKickOff(points);
    this.priced.hidden = this.marketBar.hidden = !match.market;
    const phase = match.status === "scheduled" ? `market, ${match.market?.phase}` : "market before kick-off";
    SIDES.forEach((side, n) => {
      const [number, words] = this.outcomes[n].children[1].children;
      write(number, start ? signed(match[side] - start[side]) : "");
      write(words, start && n !== 1 ? " since kick-off" : "");
      if (!match.market) return;
      write(this.prices[n].firstChild, n === 1 ? "" : `${phase} `);
      write(this.prices[n].lastChild, share(match.market[side]));
    });
    write(this.short, `${start ? "Small numbers: since kick-off. " : ""}${match.market ? `Thin bar: the ${phase}${start ? "" : " prices"}.` : ""}`);
    if (match.market) fillBar(this.marketBar, match.market);
    write(this.spoken, `Forecast: ${tell(match)}. ${match.market ? `Market before kick-off: ${tell(match.market)}.` : "No market price yet."}`);
  }
}
