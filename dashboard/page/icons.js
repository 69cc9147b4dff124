// Small drawings for what happens in a match; each is decoration beside words.

import { make, svg } from "./dom.js";

const BALL = "M8 4.6 11 6.8 9.9 10.3H6.1L5 6.8Z";
const SPOKES = "M8 4.6V1.4M11 6.8 14.3 5.7M9.9 10.3 12 13M6.1 10.3 4 13M5 6.8 1.7 5.7";

function ball() {
  return svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("circle", { cx: 8, cy: 8, r: 7.1, class: "skin" }), svg("path", { d: BALL, class: "patch" }), svg("path", { d: SPOKES, class: "seam" }));
}

const NAMES = { var: "VAR", withdrawn: "VAR", end: "FT", start: "KO", period: "HT", model: "M", missed: "✕", called: "!", moved: "↷" };

export function icon(kind, minute = null) {
  const element = make("span", `icon ${kind}`);
  element.setAttribute("aria-hidden", "true");
  if (kind === "goal") element.append(ball());
  else if (kind === "period") element.append(minute === 45 ? "HT" : "·");
  else if (NAMES[kind]) element.append(NAMES[kind]);
  return element;
}
