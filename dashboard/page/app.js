// Wires the page: the address says what is shown, the board shows it, the feed keeps it fresh.

import { Board } from "./board.js";
import { Feed } from "./feed.js";
import { ago, day, dayAndTime, dayOf } from "./words.js";

const OVERVIEW_MS = 5000;
const REPLAY_MS = 2 * 3600 * 1000;
const at = (id) => document.getElementById(id);
const board = new Board(at("matches"), at("empty"));
const state = { date: "", following: true, overview: null, clock: 0, connection: "connecting" };
let arranging = 0;

const feed = new Feed({
  onMatch(match) {
    state.clock = Math.max(state.clock, Date.parse(match.as_of));
    if (dayOf(match.kick_off) === state.date) board.put(match);
    else board.remove(match.match_id);
    later();
  },
  onGone(id) {
    board.remove(id);
    later();
  },
  onReset: () => show(state.date),
  onState: tellConnection,
});

// Many changes arrive at once: they are arranged together, once a frame.
function later() {
  if (!arranging) arranging = requestAnimationFrame(() => { arranging = 0; arrange(); });
}

function arrange() {
  const shown = board.arrange();
  board.tellAges(feedNow());
  const all = board.rows.size;
  write(at("count"), shown === all ? `${all} ${all === 1 ? "match" : "matches"}` : `${shown} of ${all} matches`);
  at("simulated").hidden = ![...board.rows.values()].some((row) => row.match.simulated);
  write(at("empty"), all ? "No match of this day fits the filters." : "No matches yet. They appear here as soon as a feed announces them.");
  at("matches").setAttribute("aria-busy", "false");
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// In a replay the feed's clock is not ours, and ages are told by the feed's.
const isReplay = () => state.clock > 0 && Math.abs(Date.now() - state.clock) > REPLAY_MS;
const feedNow = () => (isReplay() ? state.clock : Date.now());

function tellClock() {
  if (!state.clock) return write(at("clock"), "");
  const newest = dayAndTime(state.clock);
  const late = ago(Math.max(Date.now() - state.clock, 0) / 1000);
  write(at("clock"), isReplay() ? `Replay, now at ${newest}` : `Newest event: ${newest}, ${late}`);
}

function tellConnection(name, told) {
  const caughtUp = name === "live" && state.connection === "lost";
  state.connection = name;
  const stopped = name === "live" && told.freshness !== "following";
  const line = at("connection");
  line.dataset.state = stopped ? "stopped" : name;
  write(line, name === "lost" ? "Connection lost" : stopped ? "Source away" : "Following live");
  const trouble = at("trouble");
  trouble.hidden = name === "live" && !stopped;
  if (name === "lost") {
    write(trouble, "The connection to the server is lost: what you see may be old. It catches up by itself.");
  } else if (stopped) {
    write(trouble, "The server no longer hears from its source: what you see may be old. It catches up by itself.");
  }
  if (caughtUp) refreshOverview();
}

async function refreshOverview() {
  try {
    const answer = await fetch("/v1/overview");
    if (!answer.ok) return;
    state.overview = await answer.json();
  } catch {
    return; // the feed tells of a lost connection
  }
  const { overview } = state;
  state.clock = Math.max(state.clock, overview.clock ? Date.parse(overview.clock) : 0);
  board.name(overview.competitions);
  fillDays();
  fillCompetitions();
  tellClock();
  if (state.following && overview.current && overview.current !== state.date) await show(overview.current);
  else board.tellAges(feedNow());
}

async function show(date) {
  const turned = date !== state.date;
  state.date = date;
  fillDays();
  try {
    const answer = await fetch(`/v1/predictions?date=${date}&limit=2000`);
    const { predictions } = await answer.json();
    if (state.date !== date) return; // the reader went on meanwhile
    board.replace(predictions);
    arrange();
    if (turned) scrollTo(0, 0);
    feed.open({ date }, answer.headers.get("Sabi-Position"));
  } catch {
    tellConnection("lost", {});
    setTimeout(() => state.date === date && show(date), 3000);
  }
}

function fillDays() {
  const days = state.overview?.days ?? [];
  const select = at("date");
  const known = days.some((each) => each.date === state.date);
  const all = known || !state.date ? days : [...days, { date: state.date, matches: 0, live: 0 }].sort((a, b) => (a.date < b.date ? -1 : 1));
  const label = (each) => `${day(each.date)} · ${each.live ? `${each.live} live` : each.matches}`;
  while (select.options.length > all.length) select.remove(select.options.length - 1);
  all.forEach((each, n) => {
    const option = select.options[n] ?? select.appendChild(document.createElement("option"));
    if (option.value !== each.date) option.value = each.date;
    write(option, label(each));
  });
  select.value = state.date;
  const place = all.findIndex((each) => each.date === state.date);
  at("earlier").disabled = place <= 0;
  at("later").disabled = place < 0 || place >= all.length - 1;
  at("earlier").dataset.date = all[place - 1]?.date ?? "";
  at("later").dataset.date = all[place + 1]?.date ?? "";
  at("current").setAttribute("aria-pressed", String(state.following));
}

function fillCompetitions() {
  const select = at("competition");
  const codes = state.overview.competitions.map((each) => each.code).join();
  if (select.dataset.codes === codes) return;
  select.dataset.codes = codes;
  select.replaceChildren(new Option("All competitions", ""));
  for (const each of state.overview.competitions) {
    select.append(new Option(each.country ? `${each.name} (${each.country})` : each.name, each.code));
  }
  if (board.filter.competition && !codes.split(",").includes(board.filter.competition)) {
    select.append(new Option(board.filter.competition, board.filter.competition));
  }
  select.value = board.filter.competition;
}

function readAddress() {
  const params = new URLSearchParams(location.search);
  const date = params.get("date") ?? "";
  state.following = !/^\d{4}-\d{2}-\d{2}$/.test(date);
  board.filter = { competition: params.get("competition") ?? "", status: params.get("status") ?? "" };
  at("status").value = board.filter.status;
  at("competition").value = board.filter.competition;
  return state.following ? "" : date;
}

function writeAddress() {
  const params = new URLSearchParams();
  if (!state.following) params.set("date", state.date);
  for (const [name, value] of Object.entries(board.filter)) if (value) params.set(name, value);
  const address = params.size ? `?${params}` : location.pathname;
  history.pushState(null, "", address);
}

async function turnTo(date) {
  if (!date) return;
  state.following = false;
  const shown = show(date);
  writeAddress();
  await shown;
}

function followNow() {
  state.following = true;
  writeAddress();
  fillDays();
  refreshOverview();
}

function filterBy(name, value) {
  board.filter[name] = value;
  writeAddress();
  arrange();
}

at("filters").addEventListener("submit", (event) => event.preventDefault());
at("date").addEventListener("change", (event) => turnTo(event.target.value));
at("earlier").addEventListener("click", (event) => turnTo(event.currentTarget.dataset.date));
at("later").addEventListener("click", (event) => turnTo(event.currentTarget.dataset.date));
at("current").addEventListener("click", followNow);
at("competition").addEventListener("change", (event) => filterBy("competition", event.target.value));
at("status").addEventListener("change", (event) => filterBy("status", event.target.value));
addEventListener("popstate", async () => {
  const date = readAddress();
  arrange();
  if (date) await show(date);
  else await refreshOverview();
});

async function begin() {
  const date = readAddress();
  await refreshOverview();
  if (date) await show(date);
  else if (!state.date) arrange();
  setInterval(refreshOverview, OVERVIEW_MS);
}

begin();
