// Three goals or more, and both teams to score: two lines over the same time as the chart above.

import { TAIL, label, span, splits } from "./axes.js";
import { axis, colour, keepFitting, loadPlot } from "./plot.js";

const NARROW = 420;

export class GoalsChart {
  constructor(place) {
    this.place = place;
  }

  async tell(moments) {
    this.moments = moments;
    const uPlot = await loadPlot();
    if (this.closed) return;
    if (this.u) this.u.setData(this.data());
    else this.begin(uPlot);
  }

  data() {
    const last = this.moments.at(-1);
    const drawn = [...this.moments, { ...last, x: last.x + TAIL }];
    const column = (value) => drawn.map(value);
    return [column((m) => m.x), column((m) => m.over_2_5), column((m) => m.both_score)];
  }

  begin(uPlot) {
    const line = (name) => ({ stroke: colour(name), width: 2, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } });
    const narrow = () => this.place.clientWidth < NARROW;
    this.u = new uPlot({
      width: this.place.clientWidth, height: 150, padding: [8, 12, 0, 0], legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: () => span(this.moments) }, y: { range: [0, 1] } },
      axes: [
        axis({ room: 1.6, gap: 5, splits: () => splits(span(this.moments), narrow()), values: (_, all) => all.map((x) => label(x, this.moments, true)) }),
        axis({ room: 2.7, gap: 6, splits: () => [0, 0.5, 1], values: (_, all) => all.map((y) => `${y * 100}%`) }),
      ],
      series: [{}, line("over"), line("both")],
    }, this.data(), this.place);
    this.stop = keepFitting(this.u, this.place, () => 150);
  }

  close() {
    this.closed = true;
    this.stop?.();
  }
}
