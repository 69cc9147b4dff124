// The model: is 30% really three times in ten, how good is it beside the market, which versions were there.

import { link, make, table, write } from "./dom.js";
import { CalibrationChart } from "./calibration.js";
import { compare } from "./compare.js";
import { Pulse } from "./pulse.js";
import { SIDES } from "./words.js";

const FORECASTERS = {
  market_closing: "Market, closing prices", pool_closing: "SabiScore with closing prices", market_opening: "Market, opening prices",
  pool_opening: "SabiScore with opening prices", stack: "SabiScore without this match’s prices", network: "… its perceptron alone", xgboost: "… its XGBoost alone", lightgbm: "… its LightGBM alone",
  dixon_coles: "Dixon-Coles", elo: "Elo alone", base_rates: "How often each result happens",
};
const percent = (value) => `${(100 * value).toFixed(1)}%`;
const figure = (value, digits = 4) => (value === null || value === undefined ? "–" : typeof value === "object" ? figure(value.value, digits) : value.toFixed(digits));
const interval = (value) => (value && typeof value === "object" && "low" in value ? `${value.low.toFixed(3)} – ${value.high.toFixed(3)}` : "–");
const date = (instant) => (instant ? instant.slice(0, 10) : "–");

export class View {
  constructor(shell, label) {
    this.shell = shell;
    this.at = shell.template("models");
    shell.title("Model");
    this.pulse = new Pulse(shell, (status) => this.look(status));
    this.ready = this.turn(label);
  }

  close() {
    this.closed = true;
    this.pulse.close();
    this.chart?.close();
    clearTimeout(this.again);
  }

  async turn(label) {
    this.label = label;
    clearTimeout(this.again);
    let read = null;
    try {
      if (!this.shell.names.size) await this.shell.overview();
      const index = await (await fetch("/v1/models")).json();
      const wanted = label ? decoded(label) : index.champion ?? index.models.at(-1)?.label;
      const answer = wanted ? await fetch(`/v1/models/${encodeURIComponent(wanted)}`) : null;
      read = [index, wanted, answer?.ok ? await answer.json() : null];
    } catch {
      if (this.closed) return;
      this.shell.tellConnection("lost", {});
      this.again = setTimeout(() => this.turn(label), 3000);
    }
    if (read && !this.closed && label === this.label) this.tell(...read);
  }

  // Another champion is news: the page is read again.
  look(status) {
    const model = status.versions?.model;
    if (this.champion && model && this.serving && model !== this.serving) this.turn(this.label);
    if (model) this.serving = model;
  }

  tell(index, wanted, model) {
    this.chart?.close();
    this.champion = index.champion;
    const { body, title, lead } = this.at;
    body.setAttribute("aria-busy", "false");
    write(title, model ? `Model ${model.label}` : "The model");
    if (!model) {
      write(lead, index.models.length ? `There is no version ${wanted}.` : "");
      body.replaceChildren(make("p", "empty", "No model is published here."), ...this.versions(index, wanted));
      return;
    }
    const role = model.aliases?.length ? `It is the ${model.aliases.join(", ")}. ` : "";
    const seasons = model.seasons?.length ? `, seasons ${model.seasons[0]} to ${model.seasons.at(-1)}` : "";
    write(lead, `${role}Learnt from ${model.rows.toLocaleString("en-GB")} matches${seasons}, none after ${date(model.trained_until)}. Every figure here is of matches that it had not seen when it forecast them.`);
    body.replaceChildren(this.calibration(model), this.overall(model), ...this.parts(model), ...this.versions(index, wanted));
    this.chart = new CalibrationChart(body.querySelector(".calibration"));
    this.chart.tell(model.calibration ?? []);
  }

  calibration(model) {
    const bins = model.calibration ?? [];
    const card = section("calibration-title", "When it says 30%, does it happen three times in ten?",
      "Each dot is a tenth of the scale: what was forecast (across) against how often it happened (up). On the diagonal, words and world agree; the larger the dot, the more forecasts.");
    const rows = bins.map((bin) => [`${bin.outcome} ${Math.round(bin.low * 100)}–${Math.round(bin.high * 100)}%`, percent(bin.mean_forecast), percent(bin.frequency), bin.n.toLocaleString("en-GB")]);
    const details = make("details", "", make("summary", "", "The same in figures"), table("Calibration by outcome and tenth", ["Forecast", "Mean forecast", "It happened", "Forecasts"], rows));
    card.append(make("p", "legend", make("span", "key home"), "home ", make("span", "key draw"), "draw ", make("span", "key away"), "away"), make("div", "beside", make("div", "calibration"), make("ul", "reading-of", ...readings(bins))), details);
    return card;
  }

  overall(model) {
    const scores = model.accuracy?.overall ?? {};
    const card = section("overall-title", "How good, beside the market and others", "Log-loss and RPS: lower is better. The true value lies in the range 19 times in 20: where two ranges overlap widely, do not read a difference into them, and compare only rows of as many matches.");
    const known = Object.keys(FORECASTERS).filter((name) => name in scores);
    const rows = [...known, ...Object.keys(scores).filter((name) => !(name in FORECASTERS))].map((name) => {
      const { rows: n, log_loss: loss, rps, accuracy } = scores[name];
      return [FORECASTERS[name] ?? name.replaceAll("_", " "), figure(loss), interval(loss), figure(rps), percent(accuracy?.value ?? accuracy), n.toLocaleString("en-GB")];
    });
    card.append(table("Accuracy before kick-off", ["Forecaster", "Log-loss", "Range", "RPS", "Right", "Matches"], rows));
    return card;
  }

  // Whatever the version was measured by: leagues, seasons, minutes, and what may come yet.
  parts(model) {
    const accuracy = model.accuracy ?? {};
    const names = Object.keys(accuracy).filter((name) => name.startsWith("by_") && Array.isArray(accuracy[name]));
    const order = ["by_minute", "by_competition", "by_season"];
    names.sort((a, b) => (order.indexOf(a) + 1 || 9) - (order.indexOf(b) + 1 || 9));
    const cards = names.map((name) => compare(section, name.slice(3), accuracy[name], this.shell.names)).filter(Boolean);
    if (accuracy.by_minute?.length) return cards;
    return [...cards, section("by-minute-title", "As the match goes on", "This version was not measured in play: it learnt from results, which do not tell the minutes of goals. What happens between kick-off and full-time follows from goal rates.")];
  }

  versions(index, wanted) {
    if (!index.models.length) return [];
    const card = section("versions-title", "Versions", "A version takes over at a place in the stream of events, and every forecast names the one that made it.");
    const rows = index.models.toReversed().map((each) => {
      const name = link(`/models/${encodeURIComponent(each.label)}`, "", each.label);
      if (each.label === wanted) name.setAttribute("aria-current", "page");
      const loss = each.metrics?.pool_closing?.log_loss ?? each.metrics?.stack?.log_loss;
      return [name, each.aliases.join(", ") || "–", date(each.trained_until), each.rows.toLocaleString("en-GB"), figure(loss), interval(loss)];
    });
    card.append(table("Versions", ["Version", "Role", "Learnt until", "Matches", "Log-loss", "Range"], rows));
    return [card];
  }
}

function decoded(label) {
  try {
    return decodeURIComponent(label);
  } catch {
    return label;
  }
}

// The fullest bin of each outcome, in words.
function readings(bins) {
  return SIDES.map((side) => bins.filter((bin) => bin.outcome === side).sort((a, b) => b.n - a.n)[0]).filter(Boolean).map((bin) => {
    const what = bin.outcome === "draw" ? "draws" : `${bin.outcome} wins`;
    const said = `${Math.round(bin.low * 100)} and ${Math.round(bin.high * 100)}%`;
    return make("li", "", make("span", `key ${bin.outcome}`), ` Of ${bin.n.toLocaleString("en-GB")} ${what} forecast between ${said}, `, make("strong", "", percent(bin.frequency)), ` came; ${percent(bin.mean_forecast)} were forecast on average.`);
  });
}

function section(id, words, hint) {
  const heading = make("h2", "", words);
  heading.id = id;
  const card = make("section", "card", heading, make("p", "hint", hint));
  card.setAttribute("aria-labelledby", id);
  return card;
}
