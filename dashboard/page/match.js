// One match: where it stands, how it came to that, and why; every revision as it arrives.

import { make, write } from "./dom.js";
import { Feed } from "./feed.js";
import { GoalsPanel } from "./goals_panel.js";
import { tellMoments, tellReasons } from "./moments.js";
import { Scoreboard } from "./scoreboard.js";
import { chapters, moments, pointOf } from "./story.js";
import { dayOf, newer, share, SIDES } from "./words.js";
import { WinChart } from "./win_chart.js";

const GAP_MS = 400;
const AGAIN_MS = 3000;
const AGE_MS = 15000;

export class View {
  constructor(shell, id) {
    this.shell = shell;
    this.feed = new Feed({
      onMatch: (match) => this.take(match),
      onGone: () => this.read(),
      onResync: () => this.read(),
      onState: (name, told) => { if (shell.tellConnection(name, told)) this.read(); },
    });
    this.ageing = setInterval(() => this.age(), AGE_MS);
    this.ready = this.turn(id);
  }

  async turn(id) {
    if (id === this.id) return;
    this.clear();
    this.id = id;
    this.points = [];
    this.match = null;
    this.incidents = [];
    this.at = this.shell.template("match");
    this.at.back.href = this.shell.list ?? "/";
    this.board = new Scoreboard(this.at.score);
    // Followed before it is read, so that nothing falls between the two.
    this.feed.open({ match: id }, null);
    await this.shell.overview();
    await this.read();
  }

  clear() {
    clearTimeout(this.reading);
    this.reading = null;
    this.chart?.close();
    this.goals?.close();
    this.chart = this.goals = null;
  }

  close() {
    this.closed = true;
    clearInterval(this.ageing);
    this.feed.close();
    this.clear();
  }

  age() {
    this.board?.tellAge(this.shell.now());
    this.shell.tellClock();
    // Without a connection there is none to ask; the feed says so.
    if (this.match?.status === "live") this.readIncidents().catch(() => {});
  }

  async read() {
    const { id } = this;
    try {
      const [newest, timeline] = await Promise.all([fetch(`/v1/predictions/${id}`), fetch(`/v1/matches/${id}/timeline`)]);
      if (this.closed || id !== this.id) return;
      if (newest.status === 404) return this.tellUnknown();
      if (!newest.ok) {
        await this.shell.tellRefusal(newest);
        return this.readSoon(AGAIN_MS);
      }
      const match = await newest.json();
      if (timeline.ok) this.merge((await timeline.json()).points);
      if (!this.match || !newer(this.match, match)) this.match = match;
      this.merge([pointOf(this.match)]);
      await this.tell();
      await this.readIncidents();
    } catch {
      if (this.closed || id !== this.id) return;
      this.shell.tellConnection("lost", {});
      this.readSoon(AGAIN_MS);
    }
  }

  // Cards and reviews that move no forecast are in no revision: asked for as long as play goes on.
  async readIncidents() {
    const { id } = this;
    const answer = await fetch(`/v1/matches/${id}/incidents`);
    if (!answer.ok || this.closed || id !== this.id) return;
    const { incidents } = await answer.json();
    if (this.closed || id !== this.id || JSON.stringify(incidents) === JSON.stringify(this.incidents)) return;
    this.incidents = incidents;
    await this.tell();
  }

  // Once, however often it is asked for: in a fast replay gaps come without end.
  readSoon(wait_ms) {
    this.reading ??= setTimeout(() => { this.reading = null; this.read(); }, wait_ms);
  }

  // Each revision once, in order: what was read and what arrived meanwhile.
  merge(points) {
    const found = new Map([...this.points, ...points].map((point) => [`${point.epoch}-${point.revision}`, point]));
    this.points = [...found.values()].sort((a, b) => a.epoch - b.epoch || a.revision - b.revision);
  }

  take(match) {
    if (match.match_id !== this.id || (this.match && !newer(match, this.match))) return;
    const last = this.points.at(-1);
    this.shell.hear(match.as_of);
    this.shell.tellClock();
    this.speak(match);
    this.match = match;
    this.merge([pointOf(match)]);
    this.tell();
    // The stream tells the newest of a moment: what came between is read.
    if (last && match.revision > last.revision + 1) this.readSoon(GAP_MS);
  }

  // A goal or an end is said aloud; a minute that passes is not.
  speak(match) {
    const { score } = this.match ?? match;
    if (match.score?.home === score?.home && match.score?.away === score?.away && match.status === this.match?.status) return;
    this.shell.speak(`${match.cause.words}. ${SIDES.map((side) => `${side} ${share(match[side])}`).join(", ")}.`);
  }

  async tell() {
    const { match, at } = this;
    const told = moments(this.points, { home: match.home_team, away: match.away_team }, this.incidents);
    this.shell.title(`${match.home_team} ${match.score ? `${match.score.home}–${match.score.away}` : "v"} ${match.away_team}`);
    at.simulated.hidden = !match.simulated;
    this.tellPlace(match);
    this.board.tell(match, this.points, this.shell.now());
    write(at.chartTitle, match.minute === null ? "Win probability, change by change" : "Win probability, minute by minute");
    write(at.whyTitle, match.status === "finished" ? "What decided it" : "Why it moved");
    tellReasons(at.reasons, told, match);
    tellMoments(at.moments, chapters(told), match);
    this.chart ??= new WinChart(at.chart, match);
    this.goals ??= new GoalsPanel(at.goals);
    await Promise.all([this.chart.tell(told, match), this.goals.tell(told, match)]);
  }

  tellPlace(match) {
    const competition = this.shell.names.get(match.competition);
    const name = competition ? `${competition.name}${competition.country ? `, ${competition.country}` : ""}` : match.competition.toUpperCase();
    write(this.at.where, `${name} · season ${match.season}`);
    if (!this.shell.list) this.at.back.href = `/?date=${dayOf(match.kick_off)}`;
    const dashed = match.market ? ` Dashed: the market${match.minute === null ? "" : " before kick-off"}.` : "";
    write(this.at.hint, `Blue, below: ${match.home_team}. Orange, above: ${match.away_team}.${dashed}`);
    const address = `/v1/predictions/${match.match_id}`;
    const raw = (href, words) => Object.assign(make("a", "", words), { href });
    this.at.fine.replaceChildren(
      `Revision ${match.revision} by model ${match.model}. The same as data: `, raw(address, "forecast"), ", ", raw(`/v1/matches/${match.match_id}/timeline`, "every revision"), ".");
  }

  tellUnknown() {
    this.shell.title("Unknown match");
    this.feed.quit();
    document.getElementById("main").replaceChildren(
      make("h1", "", "No such match"),
      make("p", "", "No match of this name was announced, or it was so long ago that it is forgotten."),
      make("p", "", Object.assign(make("a", "", "All matches"), { href: "/" })));
  }
}
