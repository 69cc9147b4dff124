// Asks how the system is, again and again, where a page has no stream of its own to hear from.

const EVERY_MS = 2000;

export class Pulse {
  constructor(shell, tell) {
    this.shell = shell;
    this.tell = tell;
    this.ask();
  }

  async ask() {
    try {
      const answer = await fetch("/v1/status", { signal: AbortSignal.timeout(5 * EVERY_MS) });
      const status = await answer.json();
      if (this.closed) return;
      if (!answer.ok) throw new Error("not now");
      this.shell.tellConnection("live", status);
      this.tell(status);
    } catch {
      if (this.closed) return;
      this.shell.tellConnection("lost", {});
    }
    this.next = setTimeout(() => this.ask(), EVERY_MS);
  }

  close() {
    this.closed = true;
    clearTimeout(this.next);
  }
}
