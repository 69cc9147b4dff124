// Asks for the history of live matches that are on the screen, a few at a time, once each.

const AT_ONCE = 2;

export class Histories {
  constructor() {
    this.waiting = new Set();
    this.asking = 0;
    this.seen = new IntersectionObserver((entries) => this.look(entries), { rootMargin: "200px" });
  }

  watch(row) {
    if (row.watched || row.match.status !== "live") return;
    row.watched = true;
    this.seen.observe(row.item);
  }

  // What the row knows has a gap: asked for once more.
  again(row) {
    row.watched = false;
    this.watch(row);
  }

  look(entries) {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) this.waiting.add(target.row);
      else this.waiting.delete(target.row);
    }
    this.next();
  }

  async next() {
    while (this.asking < AT_ONCE && this.waiting.size) {
      const [row] = this.waiting;
      this.waiting.delete(row);
      this.seen.unobserve(row.item);
      this.asking += 1;
      this.ask(row).finally(() => { this.asking -= 1; this.next(); });
    }
  }

  async ask(row) {
    try {
      const answer = await fetch(`/v1/matches/${row.match.match_id}/timeline`);
      if (answer.ok) row.tellHistory((await answer.json()).points);
    } catch {
      row.watched = false; // the connection is lost: asked again when the list is read again
    }
  }

  close() {
    this.seen.disconnect();
    this.waiting.clear();
  }
}
