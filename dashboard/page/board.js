// The matches of one day: sections by phase, in them competitions, in them rows by kick-off.

import { make, settle } from "./dom.js";
import { Row } from "./row.js";
import { PHASES, newer, phaseOf, plural } from "./words.js";

export class Board {
  constructor(place, empty, histories) {
    this.place = place;
    this.empty = empty;
    this.histories = histories;
    this.rows = new Map();
    this.groups = new Map();
    this.sections = new Map();
    this.competitions = new Map();
    this.filter = { competition: "", status: "", team: "" };
  }

  name(competitions) {
    this.competitions = new Map(competitions.map((each, order) => [each.code, { ...each, order }]));
  }

  // All matches of another day, or the same ones read again: rows that stay are kept.
  replace(matches) {
    const staying = new Set(matches.map((match) => match.match_id));
    for (const id of [...this.rows.keys()]) if (!staying.has(id)) this.remove(id);
    for (const match of matches) this.put(match);
    this.arrange();
  }

  // Never backwards: an older (epoch, revision) that arrives late changes nothing.
  put(match) {
    const row = this.rows.get(match.match_id);
    if (!row) {
      this.rows.set(match.match_id, new Row(match));
      return true;
    }
    if (!newer(match, row.match)) return false;
    row.update(match);
    if (row.movement.lacks) this.histories.again(row);
    return true;
  }

  remove(id) {
    this.rows.get(id)?.item.remove();
    this.rows.delete(id);
  }

  shows(match) {
    const { competition, status, team } = this.filter;
    const names = `${match.home_team} ${match.away_team}`.toLowerCase();
    return (!competition || match.competition === competition) && (!status || match.status === status) && names.includes(team.toLowerCase());
  }

  // Puts every row where it belongs and moves only those that are elsewhere.
  arrange() {
    const wanted = new Map();
    let shown = 0;
    for (const row of this.rows.values()) {
      if (!this.shows(row.match)) {
        row.item.remove();
        continue;
      }
      shown += 1;
      this.histories.watch(row);
      const key = `${phaseOf(row.match.status)} ${row.match.competition}`;
      if (!wanted.has(key)) wanted.set(key, []);
      wanted.get(key).push(row);
    }
    for (const [phase, title] of PHASES) this.arrangeSection(phase, title, wanted);
    this.empty.hidden = shown > 0;
    return shown;
  }

  arrangeSection(phase, title, wanted) {
    const keys = [...wanted.keys()].filter((key) => key.startsWith(`${phase} `));
    keys.sort((a, b) => this.order(a) - this.order(b) || (a < b ? -1 : 1));
    const section = this.section(phase, title);
    section.hidden = keys.length === 0;
    const count = keys.reduce((sum, key) => sum + wanted.get(key).length, 0);
    section.tally.textContent = plural(count, "match", "matches");
    const groups = keys.map((key) => this.arrangeGroup(key, wanted.get(key)));
    settle(section, groups, 1);
    for (const [key, group] of this.groups) if (key.startsWith(`${phase} `) && !wanted.has(key)) group.remove();
  }

  arrangeGroup(key, rows) {
    rows.sort((a, b) => Date.parse(a.match.kick_off) - Date.parse(b.match.kick_off) || (a.match.match_id < b.match.match_id ? -1 : 1));
    const group = this.group(key);
    settle(group.list, rows.map((row) => row.item));
    return group;
  }

  order(key) {
    return this.competitions.get(key.split(" ")[1])?.order ?? 999;
  }

  section(phase, title) {
    if (!this.sections.has(phase)) {
      const section = make("section");
      section.tally = make("span", "tally");
      const heading = make("h2", phase, title, section.tally);
      heading.id = `phase-${phase}`;
      section.setAttribute("aria-labelledby", heading.id);
      section.append(heading);
      this.place.append(section);
      this.sections.set(phase, section);
    }
    return this.sections.get(phase);
  }

  group(key) {
    if (!this.groups.has(key)) {
      const code = key.split(" ")[1];
      const known = this.competitions.get(code);
      const list = make("ul", "rows");
      const group = make("div", "group", make("h3", "", known?.name ?? code.toUpperCase(), make("span", "country", known?.country ?? "")), list);
      group.list = list;
      this.groups.set(key, group);
    }
    return this.groups.get(key);
  }

  tellAges(now) {
    for (const row of this.rows.values()) if (row.item.isConnected) row.tellAge(now);
  }
}
