// Forecast against frequency: a dot for each tenth and outcome, as large as there were forecasts.

import { axis, colour, keepFitting, loadPlot } from "./plot.js";
import { SIDES } from "./words.js";

const SMALLEST = 3;
const LARGEST = 13;
const FEWEST_DRAWN = 5;
const FEWEST = 30; // a line through fewer forecasts would be a line through chance

export class CalibrationChart {
  constructor(place) {
    this.place = place;
    place.setAttribute("aria-hidden", "true");
  }

  get height() {
    return Math.min(Math.max(this.place.clientWidth * 0.62, 260), 460);
  }

  async tell(bins) {
    this.bins = bins;
    const uPlot = await loadPlot();
    if (this.closed || !bins.length) return;
    const [series, data] = this.columns();
    const tenths = [0, 0.2, 0.4, 0.6, 0.8, 1];
    const words = (_, all) => all.map((value) => `${Math.round(value * 100)}%`);
    this.u = new uPlot({
      width: this.place.clientWidth, height: this.height, padding: [10, 24, 0, 0], legend: { show: false }, cursor: { show: false },
      scales: { x: { time: false, range: [0, 1] }, y: { range: [0, 1] } },
      axes: [
        axis({ room: 1.8, gap: 6, splits: () => tenths, values: words }),
        axis({ room: 3, gap: 6, splits: () => tenths, values: words }),
      ],
      series, hooks: { drawAxes: [(u) => diagonal(u)], draw: [(u) => this.dots(u)] },
    }, data, this.place);
    this.stop = keepFitting(this.u, this.place, () => this.height);
  }

  columns() {
    const bins = this.bins.filter((bin) => bin.n >= FEWEST).sort((a, b) => a.mean_forecast - b.mean_forecast);
    const column = (side) => bins.map((bin) => (bin.outcome === side ? bin.frequency : null));
    const series = SIDES.map((side) => ({ stroke: colour(side), width: 1.5, spanGaps: true, points: { show: false } }));
    return [[{}, ...series], [bins.map((bin) => bin.mean_forecast), ...SIDES.map(column)]];
  }

  dots(u) {
    const most = Math.max(...this.bins.map((bin) => bin.n));
    const ratio = devicePixelRatio;
    for (const bin of this.bins.filter((each) => each.n >= FEWEST_DRAWN)) {
      const radius = (SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(bin.n / most)) * ratio;
      u.ctx.beginPath();
      u.ctx.arc(u.valToPos(bin.mean_forecast, "x", true), u.valToPos(bin.frequency, "y", true), radius, 0, 2 * Math.PI);
      u.ctx.fillStyle = colour(bin.outcome)();
      u.ctx.globalAlpha = 0.85;
      u.ctx.fill();
      u.ctx.globalAlpha = 1;
      u.ctx.lineWidth = 1.5 * ratio;
      u.ctx.strokeStyle = colour("card")();
      u.ctx.stroke();
    }
  }

  close() {
    this.closed = true;
    this.stop?.();
  }
}

function diagonal(u) {
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.setLineDash([4 * devicePixelRatio, 5 * devicePixelRatio]);
  u.ctx.strokeStyle = colour("soft")();
  u.ctx.lineWidth = devicePixelRatio;
  u.ctx.moveTo(u.valToPos(0, "x", true), u.valToPos(0, "y", true));
  u.ctx.lineTo(u.valToPos(1, "x", true), u.valToPos(1, "y", true));
  u.ctx.stroke();
  u.ctx.restore();
}
