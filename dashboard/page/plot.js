// uPlot when a chart is first wanted, and what all charts share: colours of the page, size, redrawing.

let loading = null;

function element(tag, properties) {
  return new Promise((resolve, reject) => {
    const made = Object.assign(document.createElement(tag), properties, { onload: resolve, onerror: reject });
    document.head.append(made);
  });
}

export function loadPlot() {
  loading ??= Promise.all([
    element("script", { src: "/page/vendor/uPlot.iife.min.js" }),
    element("link", { rel: "stylesheet", href: "/page/vendor/uPlot.min.css" }),
  ]).then(() => globalThis.uPlot).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

// A colour of the style sheet as it is now: light and dark change under us.
export const colour = (name) => () => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// *room* is in letters: what a person made larger takes more room.
export function axis({ room = 1, ...options }) {
  const { fontSize, fontFamily } = getComputedStyle(document.body);
  return {
    stroke: colour("soft"),
    size: Math.round(room * parseFloat(fontSize)),
    font: `${Math.round(0.78 * parseFloat(fontSize))}px ${fontFamily}`,
    ticks: { show: false },
    grid: { stroke: colour("grid"), width: 1 },
    ...options,
  };
}

// Draws again when the place changes its width, and when the theme turns; returns how to stop.
export function keepFitting(plot, place, height) {
  const sized = new ResizeObserver(() => {
    const width = place.clientWidth;
    if (width > 0 && (width !== plot.width || height() !== plot.height)) plot.setSize({ width, height: height() });
  });
  sized.observe(place);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const redraw = () => plot.redraw(false, true);
  dark.addEventListener("change", redraw);
  return () => {
    sized.disconnect();
    dark.removeEventListener("change", redraw);
    plot.destroy();
  };
}
