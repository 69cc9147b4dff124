// The matches of one day: sections by phase, in them competitions, in them rows by kick-off.

import { Row } from "./row.js";
import { PHASES, phaseOf } from "./words.js";

export class Board {
  constructor(place, empty) {
    this.place = place;
    this.empty = empty;
    this.rows = new Map();
    this.groups = new Map();
    this.sections = new Map();
    this.competitions = new Map();
    this.filter = { competition: "", status: "" };
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
    const held = row.match;
    if (match.epoch < held.epoch || (match.epoch === held.epoch && match.revision <= held.revision)) return false;
    row.update(match);
    return true;
  }

  remove(id) {
    this.rows.get(id)?.item.remove();
    this.rows.delete(id);
  }

  shows(match) {
    const { competition, status } = this.filter;
    return (!competition || match.competition === competition) && (!status || match.status === status);
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
    section.tally.textContent = `${count} ${count === 1 ? "match" : "matches"}`;
    const groups = keys.map((key) => this.arrangeGroup(key, wanted.get(key)));
    settle(section, groups, 1);
    for (const [key, group] of this.groups) if (key.startsWith(`${phase} `) && !wanted.has(key)) group.remove();
  }

  arrangeGroup(key, rows) {
    rows.sort((a, b) => Date.parse(a.match.kick_off) - Date.parse(b.match.kick_off) || (a.match.match_id < b.match.match_id ? -1 : 1));
    const group = this.group(key);
    settle(group.list, rows.map((row) => row.item), 0);
    return group;
  }

  order(key) {
    return this.competitions.get(key.split(" ")[1])?.order ?? 999;
  }

  section(phase, title) {
    if (!this.sections.has(phase)) {
      const section = document.createElement("section");
      const heading = document.createElement("h2");
      heading.className = phase;
      heading.id = `phase-${phase}`;
      section.tally = document.createElement("span");
      section.tally.className = "tally";
      heading.append(title, section.tally);
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
      const group = document.createElement("div");
      group.className = "group";
      const heading = document.createElement("h3");
      const country = document.createElement("span");
      country.className = "country";
      country.textContent = known?.country ?? "";
      heading.append(known?.name ?? code, country);
      group.list = document.createElement("ul");
      group.list.className = "rows";
      group.append(heading, group.list);
      this.groups.set(key, group);
    }
    return this.groups.get(key);
  }

  tellAges(now) {
    for (const row of this.rows.values()) if (row.item.isConnected) row.tellAge(now);
  }
}

// Gives *parent* these children from place *first* on, touching only those out of place.
function settle(parent, children, first) {
  children.forEach((child, n) => {
    const there = parent.children[first + n];
    if (there !== child) parent.insertBefore(child, there ?? null);
  });
}
