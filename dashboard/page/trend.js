// The last two minutes of a figure as a small line.

import { svg } from "./dom.js";

const KEPT = 60;
const FEWEST = 8;
const HEIGHT = 24;

export class Trend {
  constructor() {
    this.values = [];
    this.path = svg("path", { "vector-effect": "non-scaling-stroke" });
    this.picture = svg("svg", { class: "trend", viewBox: `0 0 ${KEPT - 1} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, this.path);
  }

  add(value) {
    this.values.push(value ?? 0);
    if (this.values.length > KEPT) this.values.shift();
    const most = Math.max(...this.values, 1e-9);
    const width = Math.max(this.values.length, FEWEST) - 1;
    this.picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const points = this.values.map((each, n) => `${n} ${(HEIGHT - 2 - (each / most) * (HEIGHT - 4)).toFixed(1)}`);
    this.path.setAttribute("d", `M${points.join("L")}`);
  }
}
