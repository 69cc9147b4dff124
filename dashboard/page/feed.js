// The stream of changes, and an honest word about whether it still flows.

const SILENCE_MS = 15000;

export class Feed {
  constructor({ onMatch, onGone, onResync, onState }) {
    this.handlers = { onMatch, onGone, onResync, onState };
    this.heard = Date.now();
    this.watching = setInterval(() => this.watch(), 1000);
  }

  // Follows one selection from *position* on, so that nothing falls between reading and following.
  open(query, position) {
    this.quit();
    this.query = query;
    this.position = position;
    const params = new URLSearchParams(query);
    if (position) params.set("since", position);
    const source = new EventSource(`/v1/stream?${params}`);
    this.source = source;
    source.addEventListener("forecast", (event) => {
      this.position = event.lastEventId || this.position;
      this.handlers.onMatch(JSON.parse(event.data));
    });
    source.addEventListener("gone", (event) => this.handlers.onGone?.(JSON.parse(event.data).match_id));
    source.addEventListener("resync", () => this.handlers.onResync());
    source.addEventListener("heartbeat", (event) => {
      this.heard = Date.now();
      this.handlers.onState("live", JSON.parse(event.data));
    });
    source.onerror = () => {
      this.handlers.onState("lost", {});
      // A browser gives up for good after a refusal: then we ask again ourselves.
      if (source.readyState === EventSource.CLOSED) this.again();
    };
  }

  watch() {
    if (!this.source || Date.now() - this.heard < SILENCE_MS) return;
    this.handlers.onState("lost", {});
    if (Date.now() - this.heard > 2 * SILENCE_MS && this.source.readyState === EventSource.OPEN) this.again();
  }

  again() {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.source && this.open(this.query, this.position), 2000 + Math.random() * 2000);
  }

  quit() {
    clearTimeout(this.retry);
    this.source?.close();
    this.source = null;
  }

  close() {
    this.quit();
    clearInterval(this.watching);
  }
}
