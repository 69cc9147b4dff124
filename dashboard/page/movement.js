// How far a live match's forecast has moved since kick-off: three numbers and a small picture.

import { make, svg, write } from "./dom.js";
import { atKickOff, moments, pointOf, total } from "./story.js";
import { SIDES, newer, signed } from "./words.js";

const WIDTH = 90;
const HEIGHT = 20;
const TAIL = 2; // so that what has just happened can be seen
const NOTABLE = new Set(["goal", "red", "withdrawn", "missed", "start", "end"]);

export class Movement {
  constructor() {
    this.points = null;
    this.name = make("span", "name", "Since KO");
    this.numbers = SIDES.map(() => make("span", "share moved"));
    this.home = svg("path", { class: "home" });
    this.away = svg("path", { class: "away" });
    this.ground = svg("rect", { class: "draw", height: HEIGHT, width: 0 });
    this.picture = svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" }, this.ground, this.home, this.away);
    this.all = [this.name, ...this.numbers, this.picture];
    this.hide(true);
  }

  hide(hidden) {
    for (const element of this.all) element.toggleAttribute("hidden", hidden);
  }

  begin(points, match) {
    this.points = [...points];
    this.follow(match);
  }

  follow(match) {
    if (!this.points) return;
    const last = this.points.at(-1);
    // The stream tells the newest of a moment: a goal may lie in what it left out.
    this.lacks = Boolean(last) && match.revision > last.revision + 1 && total(match.score) !== total(last.score);
    if (!last || newer(match, last)) this.points.push(pointOf(match));
    this.told = moments(this.points, { home: match.home_team, away: match.away_team });
    this.notable = this.told.findLast((moment) => NOTABLE.has(moment.kind));
    const start = atKickOff(this.points);
    const shown = start && match.status === "live";
    this.hide(!shown);
    if (!shown) return;
    this.since = Object.fromEntries(SIDES.map((side) => [side, match[side] - start[side]]));
    SIDES.forEach((side, n) => write(this.numbers[n], signed(this.since[side])));
    this.draw();
  }

  // Steps, as the forecast itself is: it stays what it was until something happens.
  draw() {
    const played = this.told.filter((moment) => moment.minute !== null);
    const end = (played.at(-1)?.x ?? 0) + TAIL;
    const scale = WIDTH / Math.max(end, 90);
    const area = (edge, level) => {
      let path = `M0 ${edge}`;
      played.forEach((moment, n) => {
        const until = played[n + 1]?.x ?? end;
        path += `L${(moment.x * scale).toFixed(1)} ${level(moment).toFixed(1)}L${(until * scale).toFixed(1)} ${level(moment).toFixed(1)}`;
      });
      return `${path}L${(end * scale).toFixed(1)} ${edge}Z`;
    };
    this.home.setAttribute("d", area(HEIGHT, (moment) => HEIGHT * (1 - moment.home)));
    this.away.setAttribute("d", area(0, (moment) => HEIGHT * moment.away));
    this.ground.setAttribute("width", (end * scale).toFixed(1));
  }
}
