// How many goals there will be: what is expected, over 2.5, both teams to score, and their way here.

import { make, write } from "./dom.js";
import { GoalsChart } from "./goals_chart.js";
import { share } from "./words.js";

function gauge(name, words) {
  const number = make("strong");
  const fill = make("span", `fill ${name}`);
  return { all: make("div", "gauge", make("span", "name", make("span", `key ${name}`), words), number, make("span", "track", fill)), number, fill };
}

export class GoalsPanel {
  constructor(place) {
    this.none = make("p", "hint", "This model forecasts the result alone.");
    this.expected = make("p", "expected");
    this.over = gauge("over", "Three goals or more (over 2.5)");
    this.both = gauge("both", "Both teams score");
    const way = make("div", "way");
    way.setAttribute("aria-hidden", "true");
    this.chart = new GoalsChart(way);
    place.append(this.none, this.expected, this.over.all, this.both.all, way);
    this.parts = [this.expected, this.over.all, this.both.all, way];
  }

  async tell(moments, match) {
    const known = match.over_2_5 !== null && match.over_2_5 !== undefined;
    this.none.hidden = known;
    for (const part of this.parts) part.hidden = !known;
    if (!known) return;
    const { home, away } = match.expected_goals;
    write(this.expected, match.status === "finished" ? `${match.home_team} ${match.score.home}, ${match.away_team} ${match.score.away} in the end`
      : `Expected at the end: ${match.home_team} ${home.toFixed(1)}, ${match.away_team} ${away.toFixed(1)}`);
    for (const [part, value] of [[this.over, match.over_2_5], [this.both, match.both_score]]) {
      write(part.number, share(value));
      part.fill.style.width = `${value * 100}%`;
    }
    await this.chart.tell(moments);
  }

  close() {
    this.chart.close();
  }
}
