// The shell: the address says which view is open, and what every view shows alike stands here.

import { write } from "./dom.js";
import { dayAndTime, ago } from "./words.js";

// Results may be told days after a match; what is told a week later is history.
const REPLAY_MS = 7 * 24 * 3600 * 1000;
const AGAIN_MS = 3000;
const MOST_STEPS = 30;
const VIEWS = [
  [/^\/$/, () => import("./matches.js")],
  [/^\/matches\/([^/]+)\/?$/, () => import("./match.js")],
  [/^\/models(?:\/([^/]+))?\/?$/, () => import("./models.js")],
  [/^\/system\/?$/, () => import("./system.js")],
];
const at = (id) => document.getElementById(id);

const shell = {
  clock: 0,
  stored: 0,
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

  // Once the server has said when it stored what it has, what is newer was stored just now.
  hear(instant) {
    const clock = Date.parse(instant);
    if (!(clock > this.clock)) return;
    this.clock = clock;
    if (this.stored) this.stored = Date.now();
  },
  // In a replay things are stored long after they happened, and ages are told by the feed's clock. A
  // feed that has been quiet is none, however long.
  isReplay() {
    return this.clock > 0 && this.stored > 0 && Math.abs(this.stored - this.clock) > REPLAY_MS;
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
    write(line, name === "lost" ? "Connection lost" : name === "refused" ? "Refused" : stopped ? "Source away" : "Following live");
    at("trouble").hidden = name === "live" && !stopped;
    if (name === "lost") {
      write(at("trouble"), "The connection to the server is lost: what you see may be old. It catches up by itself.");
    } else if (name === "refused") {
      write(at("trouble"), told.words);
    } else if (stopped) {
      write(at("trouble"), "The server no longer hears from its source: what you see may be old. It catches up by itself.");
    }
    return caughtUp;
  },

  // What a server said that answers, but not with what was asked for.
  async tellRefusal(answer) {
    const { title, detail } = await answer.json().catch(() => ({ title: `status ${answer.status}` }));
    this.tellConnection("refused", { words: `The server refuses: ${[title, detail].filter(Boolean).join(": ")}.` });
    return null;
  },

  // Days and competitions there are, and the feed's clock; none while the server does not answer.
  async overview() {
    try {
      const answer = await fetch("/v1/overview");
      if (!answer.ok) return await this.tellRefusal(answer);
      const overview = await answer.json();
      this.clock = Math.max(this.clock, Date.parse(overview.clock) || 0);
      this.stored = Date.parse(overview.stored) || 0;
      for (const [code, name] of Object.entries(overview.names)) this.names.set(code, { code, name, country: "" });
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
  let View = null;
  try {
    ({ View } = await load());
  } catch {
    if (mine !== turn) return;
    shell.tellConnection("lost", {});
    setTimeout(() => mine === turn && show({ scroll, focus }), AGAIN_MS);
    return;
  }
  if (mine !== turn) return; // the reader went on meanwhile
  open?.view.close();
  open = { pattern, view: new View(shell, path.match(pattern)?.[1]) };
  mark();
  if (focus) at("main").focus({ preventScroll: true });
  scrollTo(0, 0);
  await open.view.ready;
  if (scroll) await scrollBack(scroll, mine);
}

// What is not on the screen has its height only once it is near it: so there in some steps.
async function scrollBack(place, mine) {
  for (let step = 0; step < MOST_STEPS && mine === turn; step += 1) {
    scrollTo(0, place);
    if (Math.abs(scrollY - place) < 2) return;
    await new Promise(requestAnimationFrame);
  }
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
