// The list: the address says which day and which matches, the board shows them, the feed keeps them fresh.

import { Board } from "./board.js";
import { write } from "./dom.js";
import { Feed } from "./feed.js";
import { Histories } from "./history.js";
import { day, dayOf, plural } from "./words.js";

const OVERVIEW_MS = 5000;
const PAGE = 2000;
const NAMES = ["competition", "status", "team"];

// A day that the calendar has, as the reads write it.
function isDay(words) {
  const instant = new Date(`${words}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(words) && !Number.isNaN(instant.valueOf()) && instant.toISOString().startsWith(words);
}

export class View {
  constructor(shell) {
    this.shell = shell;
    this.at = shell.template("matches");
    this.histories = new Histories();
    this.board = new Board(this.at.board, this.at.empty, this.histories);
    this.date = "";
    this.days = [];
    this.feed = new Feed({
      onMatch: (match) => this.take(match),
      onGone: (id) => { this.board.remove(id); this.later(); },
      onResync: () => this.show(this.date),
      onState: (name, told) => { if (shell.tellConnection(name, told)) this.refresh(); },
    });
    this.listen();
    shell.title("");
    this.ready = this.begin();
    this.refreshing = setInterval(() => this.refresh(), OVERVIEW_MS);
  }

  close() {
    clearInterval(this.refreshing);
    cancelAnimationFrame(this.arranging);
    this.closed = true;
    this.feed.close();
    this.histories.close();
  }

  async begin() {
    const date = this.readAddress();
    await this.refresh();
    if (date) await this.show(date);
    else if (!this.date) this.arrange();
  }

  async turn() {
    const date = this.readAddress();
    this.arrange();
    if (date) await this.show(date);
    else await this.refresh();
  }

  take(match) {
    this.shell.hear(match.as_of);
    if (dayOf(match.kick_off) === this.date) this.board.put(match);
    else this.board.remove(match.match_id);
    this.later();
  }

  // Many changes arrive at once: they are arranged together, once a frame.
  later() {
    this.arranging ||= requestAnimationFrame(() => { this.arranging = 0; this.arrange(); });
  }

  arrange() {
    const shown = this.board.arrange();
    this.board.tellAges(this.shell.now());
    const all = this.board.rows.size;
    write(this.at.count, shown === all ? plural(all, "match", "matches") : `${shown} of ${plural(all, "match", "matches")}`);
    this.at.simulated.hidden = ![...this.board.rows.values()].some((row) => row.match.simulated);
    const none = this.days.length ? "No match is known of this day." : "No matches yet. They appear here as soon as a feed announces them.";
    write(this.at.empty, all ? "No match of this day fits the filters." : none);
    this.at.board.setAttribute("aria-busy", "false");
  }

  async refresh() {
    const overview = await this.shell.overview();
    if (!overview || this.closed) return;
    this.days = overview.days;
    this.board.name(overview.competitions);
    this.fillDays();
    this.fillCompetitions(overview.competitions);
    if (this.following && overview.current && overview.current !== this.date) await this.show(overview.current);
    else this.board.tellAges(this.shell.now());
    // There is no day yet: the first match is awaited all the same.
    if (!this.date && !this.feed.source) this.feed.open({}, overview.position);
  }

  async show(date) {
    const turned = this.date && date !== this.date;
    this.date = date;
    this.fillDays();
    try {
      const { matches, position } = await this.read(date);
      if (this.date !== date || this.closed) return; // the reader went on meanwhile
      this.board.replace(matches);
      this.arrange();
      if (turned) scrollTo(0, 0);
      this.feed.open({ date }, position);
    } catch {
      if (this.closed) return;
      if (!this.refusal) this.shell.tellConnection("lost", {});
      setTimeout(() => !this.closed && this.date === date && this.show(date), 3000);
    }
  }

  async ask(address) {
    const answer = await fetch(address);
    this.refusal = !answer.ok;
    if (answer.ok) return answer;
    await this.shell.tellRefusal(answer);
    throw new Error("refused");
  }

  // Page by page where a day is longer than one; the stream goes on from where the first was read.
  async read(date) {
    const matches = [];
    let position = null;
    for (let cursor = ""; cursor !== null;) {
      const answer = await this.ask(`/v1/predictions?date=${date}&limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      const body = await answer.json();
      matches.push(...body.predictions);
      position ??= answer.headers.get("Sabi-Position");
      cursor = body.next_cursor ?? null;
    }
    return { matches, position };
  }

  fillDays() {
    const known = this.days.some((each) => each.date === this.date);
    const all = known || !this.date ? this.days : [...this.days, { date: this.date, matches: 0, live: 0 }].sort((a, b) => (a.date < b.date ? -1 : 1));
    const select = this.at.date;
    const label = (each) => `${day(each.date)} · ${each.live ? `${each.live} live` : each.matches}`;
    while (select.options.length > all.length) select.remove(select.options.length - 1);
    all.forEach((each, n) => {
      const option = select.options[n] ?? select.appendChild(document.createElement("option"));
      if (option.value !== each.date) option.value = each.date;
      write(option, label(each));
    });
    select.value = this.date;
    const place = all.findIndex((each) => each.date === this.date);
    this.at.earlier.disabled = place <= 0;
    this.at.later.disabled = place < 0 || place >= all.length - 1;
    this.at.earlier.dataset.date = all[place - 1]?.date ?? "";
    this.at.later.dataset.date = all[place + 1]?.date ?? "";
    this.at.current.setAttribute("aria-pressed", String(this.following));
  }

  fillCompetitions(competitions) {
    const select = this.at.competition;
    const codes = competitions.map((each) => each.code).join();
    if (select.dataset.codes === codes) return;
    select.dataset.codes = codes;
    select.replaceChildren(new Option("All competitions", ""));
    for (const each of competitions) {
      select.append(new Option(each.country ? `${each.name} (${each.country})` : each.name, each.code));
    }
    const wanted = this.board.filter.competition;
    if (wanted && !codes.split(",").includes(wanted)) select.append(new Option(wanted, wanted));
    select.value = wanted;
  }

  readAddress() {
    const params = new URLSearchParams(location.search);
    const date = params.get("date") ?? "";
    this.following = !isDay(date);
    for (const name of NAMES) {
      this.board.filter[name] = params.get(name) ?? "";
      this.at[name].value = this.board.filter[name];
    }
    return this.following ? "" : date;
  }

  writeAddress({ replace = false } = {}) {
    const params = new URLSearchParams();
    if (!this.following) params.set("date", this.date);
    for (const [name, value] of Object.entries(this.board.filter)) if (value) params.set(name, value);
    const address = params.size ? `?${params}` : location.pathname;
    if (replace) history.replaceState(history.state, "", address);
    else history.pushState({ inside: true }, "", address);
  }

  async turnTo(date) {
    if (!date) return;
    this.following = false;
    const shown = this.show(date);
    this.writeAddress();
    await shown;
  }

  followNow() {
    this.following = true;
    this.writeAddress();
    this.fillDays();
    this.refresh();
  }

  filterBy(name, value, { replace = false } = {}) {
    this.board.filter[name] = value;
    this.writeAddress({ replace });
    this.arrange();
  }

  listen() {
    const { at } = this;
    at.filters.addEventListener("submit", (event) => event.preventDefault());
    at.date.addEventListener("change", (event) => this.turnTo(event.target.value));
    at.earlier.addEventListener("click", (event) => this.turnTo(event.currentTarget.dataset.date));
    at.later.addEventListener("click", (event) => this.turnTo(event.currentTarget.dataset.date));
    at.current.addEventListener("click", () => this.followNow());
    at.competition.addEventListener("change", (event) => this.filterBy("competition", event.target.value));
    at.status.addEventListener("change", (event) => this.filterBy("status", event.target.value));
    // Each letter is not a step back: one entry of the history is enough.
    at.team.addEventListener("input", (event) => this.filterBy("team", event.target.value.trim(), { replace: true }));
  }
}
