// The system: can what the page shows be trusted now; feeds, lag, rates, errors, as of a second ago.

import { make, settle, table, write } from "./dom.js";
import { Pulse } from "./pulse.js";
import { Trend } from "./trend.js";
import { ago, dayAndTime, plural } from "./words.js";

const LATE_S = 5;
const APPS = { forecast: "Forecasts", record: "Records in Postgres", archive: "Archive of events", shadow: "Challenger" };
const FEED_WORDS = { alive: "alive", silent: "silent", unknown: "quiet" };

const OURS = new Set(["sabiscore", "clock"]);
const SOURCES = { sabiscore: "sabiscore (operators)" };

const number = (value, digits = 0) => (value === null || value === undefined ? "–" : value.toLocaleString("en-GB", { maximumFractionDigits: digits }));
const seconds = (value) => (value === null || value === undefined ? "–" : value < 0.05 ? "none" : `${number(value, 1)} s`);

function tile(words) {
  const value = make("strong");
  const note = make("span", "note-of");
  return { all: make("div", "tile card", make("span", "name", words), value, note), value, note };
}

export class View {
  constructor(shell) {
    this.shell = shell;
    this.at = shell.template("system");
    shell.title("System");
    this.tiles = { lag: tile("Behind the feeds"), events: tile("Events"), changes: tile("Forecasts made"), errors: tile("Set aside"), clients: tile("Pages that follow") };
    this.trends = { events: new Trend(), changes: new Trend(), lag: new Trend() };
    for (const [name, trend] of Object.entries(this.trends)) this.tiles[name].all.append(trend.picture);
    this.state = make("p", "verdict");
    this.feeds = make("div", "feeds wraps");
    this.partitions = make("div", "wraps");
    this.models = make("div");
    this.versions = make("div");
    this.at.body.replaceChildren(
      this.state, make("div", "tiles", ...Object.values(this.tiles).map((each) => each.all)),
      card("Feeds", "What they said last, by their own clock, and how long ago we heard it.", this.feeds),
      card("Partitions", "How many events each part has still to read, and how late it is.", this.partitions),
      card("Models at work", "Which version forecasts the matches of which pool, and which one tries itself in its shadow, unpublished.", this.models),
      card("Versions", "What runs here.", this.versions));
    this.pulse = new Pulse(shell, (status) => this.tell(status));
  }

  close() {
    this.pulse.close();
  }

  tell(status) {
    this.at.body.setAttribute("aria-busy", "false");
    const lags = status.partitions.flatMap(({ apps }) => Object.values(apps));
    const late = Math.max(0, ...lags.map((each) => each.lag_s ?? 0));
    const behind = Math.max(0, ...status.partitions.map(({ apps }) => apps.forecast?.lag_s ?? 0));
    const waiting = lags.reduce((sum, each) => sum + (each.lag ?? 0), 0);
    this.verdict(status, behind, late);
    this.tellTile("lag", seconds(late), `${plural(waiting, "event waits", "events wait")}`);
    this.tellTile("events", `${number(status.throughput.events_per_s, 1)}/s`, "published by all feeds");
    this.tellTile("changes", `${number(status.throughput.changes_per_s, 1)}/s`, `${plural(status.matches, "match is held", "matches are held")}`);
    this.tellTile("errors", number(status.errors.dead), `events that could not be used; ${plural(status.errors.misses, "read missed", "reads missed")}`);
    this.tellTile("clients", number(status.streams_clients), "streams that are open now");
    this.trends.events.add(status.throughput.events_per_s);
    this.trends.changes.add(status.throughput.changes_per_s);
    this.trends.lag.add(late);
    this.tiles.errors.all.classList.toggle("bad", status.errors.dead + status.errors.misses > 0);
    replace(this.feeds, this.feedTable(status));
    replace(this.partitions, this.partitionTable(status));
    replace(this.models, this.modelTable(status));
    replace(this.versions, table("Versions", ["Part", "Version"], [["SabiScore", status.versions.sabiscore], ["Model", status.versions.models.join(", ") || "–"], ["Challenger", status.versions.challengers.join(", ") || "none"], ["Redis", status.versions.redis ?? "–"], ["History of the stream", `epoch ${status.epoch}`]]));
  }

  // The forecasts may be up to date while what is written to Postgres waits.
  verdict(status, behind, late) {
    const away = status.freshness !== "following";
    const silent = status.feeds.filter((each) => each.state === "silent").map((each) => each.source);
    const quiet = status.feeds.filter((each) => each.state === "unknown" && !OURS.has(each.source)).map((each) => `${each.source} (${ago(each.age_s)})`);
    const words = !status.ready ? "Filling: forecasts are being read from Redis."
      : away ? `Redis is away: what is shown is ${ago(status.age_s)}.`
        : behind > LATE_S ? `Behind: the newest events are not in the forecasts yet, by ${seconds(behind)}.`
          : late > LATE_S ? `The forecasts are up to date; what is recorded of them is ${seconds(late)} behind.`
          : silent.length ? `Up to date, but ${silent.join(", ")} ${silent.length === 1 ? "is" : "are"} silent.`
            : `All is well: every event that was published is in the forecasts.${quiet.length ? ` Last heard of ${quiet.join(", ")}.` : ""}`;
    this.state.dataset.state = !status.ready || away ? "bad" : late > LATE_S || silent.length ? "warn" : "good";
    write(this.state, words);
    write(this.at.lead, `As of ${dayAndTime(status.now).slice(0, -4)}:${status.now.slice(17, 19)} UTC, looked at every two seconds.`);
  }

  tellTile(name, value, note) {
    write(this.tiles[name].value, value);
    write(this.tiles[name].note, note);
  }

  feedTable({ feeds }) {
    const rows = feeds.map((each) => {
      const state = make("span", `state-of ${each.state}`, FEED_WORDS[each.state] ?? each.state);
      const heard = each.age_s === null || each.age_s === undefined ? "–" : ago(each.age_s);
      return [SOURCES[each.source] ?? each.source, state, heard, each.last_event ? dayAndTime(each.last_event) : "–"];
    });
    return rows.length ? table("Feeds", ["Feed", "State", "Heard", "Last event"], rows) : make("p", "hint", "No feed has said anything yet.");
  }

  // Partitions without pools forecast nothing, so that they are left out.
  modelTable({ partitions }) {
    const rows = partitions.filter(({ pools }) => pools.length).map(({ partition, pools, model, challenger }) => [pools.join(", "), model ?? "none yet", challenger ?? "–", String(partition)]);
    return rows.length ? table("Models at work", ["Pools", "In force", "Challenger", "Partition"], rows) : make("p", "hint", "No match was announced yet.");
  }

  partitionTable({ partitions }) {
    const names = [...new Set(partitions.flatMap(({ apps }) => Object.keys(apps)))];
    const rows = partitions.map(({ partition, apps }) => [String(partition), ...names.map((name) => {
      const { lag, lag_s: late } = apps[name] ?? {};
      const cell = make("span", late > LATE_S ? "late" : "", lag ? `${number(lag)}, ${seconds(late)} late` : lag === 0 ? "up to date" : "–");
      return cell;
    })]);
    return rows.length ? table("Partitions", ["Partition", ...names.map((name) => APPS[name] ?? name)], rows) : make("p", "hint", "Nothing is known of the partitions yet.");
  }
}

function card(words, hint, place) {
  const heading = make("h2", "", words);
  heading.id = `${words.toLowerCase()}-title`;
  const section = make("section", "card", heading, make("p", "hint", hint), place);
  section.setAttribute("aria-labelledby", heading.id);
  return section;
}

// Only when it says something else, so that nobody loses the place they read at.
function replace(place, made) {
  if (place.firstChild?.textContent === made.textContent) return;
  settle(place, [made]);
  while (place.children.length > 1) place.lastChild.remove();
}
