// The three probabilities over time: the bar of the list, turned upright and drawn minute by minute.

import { TAIL, label, span, splits } from "./axes.js";
import { make, write } from "./dom.js";
import { placeMarks } from "./marks.js";
import { axis, colour, keepFitting, loadPlot } from "./plot.js";
import { SIDES, dayAndTime, share } from "./words.js";

const NARROW = 520;
const ENDS_APART = 40;

export class WinChart {
  constructor(place, match) {
    this.match = match;
    this.plot = make("div", "plot");
    this.ends = SIDES.map((side) => make("div", `tail of-${side}`, make("strong"), make("span")));
    this.tip = make("div", "tip");
    this.tip.hidden = true;
    this.frame = make("div", "frame", this.plot, make("div", "ends", ...this.ends));
    this.frame.tabIndex = 0;
    this.frame.setAttribute("role", "slider");
    this.frame.setAttribute("aria-label", "Moment of the match, by arrow keys");
    this.frame.setAttribute("aria-valuemin", "0");
    place.append(this.frame, this.tip);
    this.frame.addEventListener("keydown", (event) => this.step(event));
    this.frame.addEventListener("blur", () => this.point(null));
  }

  get names() {
    return { home: this.match.home_team, draw: "Draw", away: this.match.away_team };
  }

  get height() {
    return this.plot.clientWidth < NARROW ? 260 : Math.min(Math.max(330, this.plot.clientWidth * 0.4), 560);
  }

  async tell(moments, match) {
    this.match = match;
    this.moments = moments;
    const uPlot = await loadPlot();
    if (this.closed) return;
    if (this.u) this.u.setData(this.data());
    else this.begin(uPlot);
    this.frame.setAttribute("aria-valuemax", String(moments.length - 1));
    this.describe(moments.length - 1);
  }

  data() {
    const last = this.moments.at(-1);
    const drawn = [...this.moments, { ...last, x: last.x + TAIL }];
    const column = (value) => drawn.map(value);
    return [
      column((m) => m.x), column((m) => m.home), column((m) => m.home + m.draw), column(() => 1),
      column((m) => m.market?.home ?? null), column((m) => (m.market ? m.market.home + m.market.draw : null)),
    ];
  }

  begin(uPlot) {
    const stepped = uPlot.paths.stepped({ align: 1 });
    const area = (name, fill) => ({ stroke: colour("card"), width: 2, paths: stepped, points: { show: false }, label: name, fill });
    const dashed = { stroke: colour("ink"), width: 1.5, dash: [3, 4], paths: stepped, points: { show: false } };
    const narrow = () => this.plot.clientWidth < NARROW;
    this.u = new uPlot({
      width: this.plot.clientWidth, height: this.height, padding: [8, 12, 0, 0], legend: { show: false }, drawOrder: ["series", "axes"],
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: { x: { time: false, range: () => span(this.moments) }, y: { range: [0, 1] } },
      axes: [
        axis({ room: 1.7, gap: 6, splits: () => splits(span(this.moments), narrow()), values: (_, all) => all.map((x) => label(x, this.moments, narrow())) }),
        axis({ room: 2.7, gap: 6, splits: () => [0, 0.25, 0.5, 0.75, 1], values: (_, all) => all.map((y) => `${y * 100}%`) }),
      ],
      series: [{}, area("home", colour("home")), area("draw"), area("away"), dashed, dashed],
      bands: [{ series: [2, 1], fill: colour("draw") }, { series: [3, 2], fill: colour("away") }],
      hooks: { draw: [() => this.decorate()], setCursor: [(u) => u.cursor.event && this.point(Math.min(u.cursor.idx ?? 0, this.moments.length - 1))] },
    }, this.data(), this.plot);
    this.u.over.addEventListener("mouseleave", () => this.point(null));
    this.stop = keepFitting(this.u, this.plot, () => this.height);
  }

  decorate() {
    placeMarks(this.u ?? this.plot, this.moments);
    if (this.u) this.placeEnds();
  }

  // Beside each band at its end, pushed apart where bands are thin.
  placeEnds() {
    const now = this.moments.at(-1);
    const height = this.u.over.clientHeight;
    const middles = [now.home / 2, now.home + now.draw / 2, 1 - now.away / 2].map((share_) => (1 - share_) * height + this.u.over.offsetTop);
    const places = [...middles];
    places[1] = Math.min(Math.max(places[1], ENDS_APART * 1.5), height - ENDS_APART / 2);
    places[0] = Math.min(Math.max(places[0], places[1] + ENDS_APART), height);
    places[2] = Math.max(Math.min(places[2], places[1] - ENDS_APART), ENDS_APART / 2);
    if (places[0] - places[1] < ENDS_APART) places[1] = places[0] - ENDS_APART;
    if (places[1] - places[2] < ENDS_APART) places[2] = places[1] - ENDS_APART;
    SIDES.forEach((side, n) => {
      write(this.ends[n].firstChild, share(now[side]));
      write(this.ends[n].lastChild, this.names[side]);
      this.ends[n].style.top = `${places[n]}px`;
    });
  }

  step(event) {
    const last = this.moments.length - 1;
    const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -last, End: last };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.point(Math.min(Math.max((this.shown ?? last) + moves[event.key], 0), last));
    this.u.setCursor({ left: this.u.valToPos(this.moments[this.shown].x, "x"), top: 10 }, false);
  }

  point(index) {
    this.shown = index;
    this.tip.hidden = index === null || index === undefined;
    if (this.tip.hidden) return this.u?.setCursor({ left: -10, top: -10 }, false);
    const moment = this.moments[index];
    const rows = SIDES.toReversed().map((side) => make("span", "", make("span", `key ${side}`), `${this.names[side]} ${share(moment[side])}`));
    const score = moment.score ? ` · ${moment.score.home}–${moment.score.away}` : "";
    const at = moment.minute === null ? dayAndTime(moment.as_of) : `${moment.minute}′${score}`;
    this.tip.replaceChildren(make("strong", "", at), make("em", "", moment.title), ...rows);
    const left = this.u.valToPos(moment.x, "x") + this.u.over.offsetLeft;
    const width = this.tip.offsetWidth;
    this.tip.style.left = `${left + width + 16 > this.plot.clientWidth ? Math.max(left - width - 12, 0) : left + 12}px`;
    return this.describe(index);
  }

  describe(index) {
    const moment = this.moments[index];
    const score = moment.score ? `, ${moment.score.home}–${moment.score.away}` : "";
    const at = moment.minute === null ? dayAndTime(moment.as_of) : `minute ${moment.minute}`;
    const chances = SIDES.map((side) => `${this.names[side]} ${share(moment[side])}`).join(", ");
    this.frame.setAttribute("aria-valuenow", String(index));
    this.frame.setAttribute("aria-valuetext", `${at}${score}: ${chances}. ${moment.title}`);
  }

  close() {
    this.closed = true;
    this.stop?.();
  }
}
