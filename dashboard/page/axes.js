// The way of time across a match's charts: what was before kick-off, then minute by minute. Pure.

const FULL = 90;
// What has just happened is the last step: drawn this wide, or nobody would see it.
export const TAIL = 2;

export function span(moments) {
  const first = Math.min(moments[0]?.x ?? 0, 0);
  const last = moments.at(-1)?.x ?? 0;
  if (last <= 0 && moments.every((moment) => moment.minute === null)) return [first, TAIL];
  return [first, Math.max(last + TAIL, FULL + TAIL)];
}

export function splits([first, last], narrow) {
  if (last <= TAIL) return [first, 0];
  const minutes = narrow ? [0, 30, 60, 90, 120] : [0, 15, 30, 45, 60, 75, 90, 105, 120];
  return [...(first < 0 ? [first] : []), ...minutes.filter((minute) => minute <= last)];
}

export function label(x, moments, narrow) {
  if (x === 0) return narrow ? "KO" : "kick-off";
  return x < 0 ? (narrow ? "" : "announced") : `${x}′`;
}
