// Three probabilities as numbers and a bar, wherever they stand on the page.

import { flash, make, write } from "./dom.js";
import { SIDES, share } from "./words.js";

export function makeBar(kind) {
  const bar = make("span", `bar ${kind}`);
  bar.append(...SIDES.map((side) => make("span", side)));
  return bar;
}

export function fillBar(bar, probabilities) {
  SIDES.forEach((side, n) => {
    const width = String(Math.max(probabilities[side], 0.001));
    if (bar.children[n].style.flexGrow !== width) bar.children[n].style.flexGrow = width;
  });
}

export class View {
  constructor(kind, label) {
    this.name = make("span", "name", label);
    this.numbers = SIDES.map(() => make("span", `share ${kind}`));
    this.bar = makeBar(kind);
    this.all = [this.name, ...this.numbers, this.bar];
  }

  fill(probabilities, quietly) {
    SIDES.forEach((side, n) => {
      if (write(this.numbers[n], share(probabilities[side])) && !quietly) flash(this.numbers[n]);
    });
    fillBar(this.bar, probabilities);
  }

  hide(hidden) {
    for (const element of this.all) element.hidden = hidden;
  }
}

export const tell = (view) => SIDES.map((side) => `${side} ${share(view[side])}`).join(", ");
