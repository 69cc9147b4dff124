// Numbers, times and states in words for people. Pure: same input, same words.

const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

export const SIDES = ["home", "draw", "away"];

const SHORT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

export const shortDay = (instant) => SHORT.format(new Date(instant));
export const day = (date) => DAY.format(new Date(`${date}T00:00:00Z`));
export const dayOf = (instant) => new Date(instant).toISOString().slice(0, 10);
export const time = (instant) => TIME.format(new Date(instant));
export const dayAndTime = (instant) => `${DAY.format(new Date(instant))}, ${time(instant)} UTC`;
export const local = (instant) => `${LOCAL.format(new Date(instant))}, your time`;

// Each rounded by itself: right one by one, even where the three then add up to 99 or 101. Nothing
// that may still happen is shown as 0%, and nothing that may still fail as 100%.
export function share(probability) {
  const whole = Math.round(probability * 100);
  if (whole === 0 && probability > 0) return "<1%";
  if (whole === 100 && probability < 1) return ">99%";
  return `${whole}%`;
}

// A change in points of a hundred: +19, −8, 0.
export function signed(change) {
  const whole = Math.round(change * 100);
  return whole > 0 ? `+${whole}` : whole < 0 ? `−${-whole}` : "0";
}

export const plural = (count, one, many) => `${count.toLocaleString("en-GB")} ${count === 1 ? one : many}`;

export function ago(seconds) {
  if (seconds < 60) return "just now";
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} days ago`;
}

export const QUALITY = {
  fresh: ["fresh", "Everything that the feeds told is in this forecast"],
  stale: ["stale", "The source of this match is silent"],
  suspended: ["market suspended", "No bets are taken: the last prices mean nothing"],
  degraded: ["degraded", "What the feeds tell of this match does not agree"],
  final: ["final", "The match is over"],
};

const ENDS = { finished: "FT", postponed: "Postp.", cancelled: "Canc.", abandoned: "Aband.", awarded: "Award." };

export function when(match) {
  if (match.status === "live") return match.minute === null ? "Live" : `${match.minute}′`;
  return ENDS[match.status] ?? time(match.kick_off);
}

export const PHASES = [
  ["live", "Live", ["live"]],
  ["upcoming", "Upcoming", ["scheduled"]],
  ["over", "Finished", ["finished", "awarded"]],
  ["off", "Not played", ["postponed", "cancelled", "abandoned"]],
];
export const phaseOf = (status) => (PHASES.find(([, , all]) => all.includes(status)) ?? PHASES[3])[0];

export const newer = (one, other) => one.epoch > other.epoch || (one.epoch === other.epoch && one.revision > other.revision);
