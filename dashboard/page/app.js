// The shell: the address says which view is open, and what every view shows alike stands here.

import { write } from "./dom.js";
import { dayAndTime, ago } from "./words.js";

const REPLAY_MS = 2 * 3600 * 1000;
const VIEWS = [
  [/^\/$/, () => import("./matches.js")],
  [/^\/matches\/([^/]+)\/?$/, () => import("./match.js")],
  [/^\/models(?:\/([^/]+))?\/?$/, () => import("./models.js")],
  [/^\/system\/?$/, () => import("./system.js")],
];
const at = (id) => document.getElementById(id);

const shell = {
  clock: 0,
  connection: "connecting",
  names: new Map(),

  template(name) {
    const part = at(`${name}-view`).content.cloneNode(true);
    const places = Object.fromEntries([...part.querySelectorAll("[data-at]")].map((each) => [each.dataset.at, each]));
    at("main").replaceChildren(part);
    return places;
  },

  title(words) {
    document.title = words ? `${words} · SabiScore` : "SabiScore";
  },

  speak(words) {
    write(at("spoken"), words);
  },

  // In a replay the feed's clock is not ours, and ages are told by the feed's.
  hear(instant) {
    this.clock = Math.max(this.clock, instant ? Date.parse(instant) : 0);
  },
  isReplay() {
    return this.clock > 0 && Math.abs(Date.now() - this.clock) > REPLAY_MS;
  },
  now() {
    return this.isReplay() ? this.clock : Date.now();
  },
  tellClock() {
    if (!this.clock) return write(at("clock"), "");
    const newest = dayAndTime(this.clock);
    const late = ago(Math.max(Date.now() - this.clock, 0) / 1000);
    return write(at("clock"), this.isReplay() ? `Replay, now at ${newest}` : `Newest event: ${newest}, ${late}`);
  },

  // Says how it stands, and whether it has just caught up.
  tellConnection(name, told) {
    const caughtUp = name === "live" && this.connection === "lost";
    this.connection = name;
    const stopped = name === "live" && told.freshness !== "following";
    const line = at("connection");
    line.dataset.state = stopped ? "stopped" : name;
    write(line, name === "lost" ? "Connection lost" : stopped ? "Source away" : "Following live");
    at("trouble").hidden = name === "live" && !stopped;
    if (name === "lost") {
      write(at("trouble"), "The connection to the server is lost: what you see may be old. It catches up by itself.");
    } else if (stopped) {
      write(at("trouble"), "The server no longer hears from its source: what you see may be old. It catches up by itself.");
    }
    return caughtUp;
  },

  // Days and competitions there are, and the feed's clock; none while the server does not answer.
  async overview() {
    try {
      const answer = await fetch("/v1/overview");
      if (!answer.ok) return null;
      const overview = await answer.json();
      this.hear(overview.clock);
      for (const each of overview.competitions) this.names.set(each.code, each);
      this.tellClock();
      return overview;
    } catch {
      return null; // the feed tells of a lost connection
    }
  },
};

// An address that cannot be decoded is shown as unknown, not as an empty page.
function pathOf({ pathname }) {
  try {
    return decodeURI(pathname);
  } catch {
    return pathname;
  }
}

let open = null;
let turn = 0;

async function show({ scroll = 0, focus = false } = {}) {
  const mine = ++turn;
  const path = pathOf(location);
  const [pattern, load] = VIEWS.find(([each]) => each.test(path)) ?? VIEWS[0];
  if (open?.pattern === pattern && open.view.turn) {
    await open.view.turn(path.match(pattern)?.[1], new URLSearchParams(location.search));
    return;
  }
  const { View } = await load();
  if (mine !== turn) return; // the reader went on meanwhile
  open?.view.close();
  open = { pattern, view: new View(shell, path.match(pattern)?.[1]) };
  mark();
  if (focus) at("main").focus({ preventScroll: true });
  scrollTo(0, 0);
  await open.view.ready;
  if (mine === turn && scroll) scrollTo(0, scroll);
}

function mark() {
  for (const each of document.querySelectorAll("nav a")) {
    const path = new URL(each.href).pathname;
    const here = path === "/" ? location.pathname === "/" : location.pathname.startsWith(path);
    if (here) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
}

const keepScroll = () => history.replaceState({ ...history.state, scroll: scrollY }, "");

const isOurs = (anchor) => anchor && anchor.origin === location.origin && !anchor.target && !anchor.hash
  && VIEWS.some(([each]) => each.test(pathOf(anchor)));

document.addEventListener("click", (event) => {
  const anchor = event.target.closest?.("a[href]");
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || !isOurs(anchor)) return;
  event.preventDefault();
  if (location.pathname === "/") shell.list = location.href;
  keepScroll();
  history.pushState({ inside: true }, "", anchor.href);
  show({ focus: true });
});
addEventListener("pagehide", keepScroll);
addEventListener("popstate", (event) => show({ scroll: event.state?.scroll ?? 0 }));
history.scrollRestoration = "manual";
show({ scroll: history.state?.scroll ?? 0 });
