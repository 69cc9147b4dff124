// Why a forecast moved, in one sentence for a person who has never seen this page. Pure.

const LAST_MINUTE = 90;

function left(minute) {
  const rest = LAST_MINUTE - minute;
  if (rest <= 0) return "in added time";
  return rest === 1 ? "with a minute of normal time left" : `with ${rest} minutes of normal time left`;
}

function goal(moment, match) {
  const { home, away } = moment.score;
  const team = moment.side === "home" ? match.home_team : match.away_team;
  const lead = moment.side === "home" ? home - away : away - home;
  const did = lead === 0 ? "draw level" : lead === 1 ? "take the lead" : lead > 1 ? "add to their lead" : "pull one back";
  return `${team} ${did} ${left(moment.minute)}.`;
}

function minutes(moment, match) {
  if (!moment.score) return "Time passes.";
  const { home, away } = moment.score;
  if (home === away) return "Still level: the less time is left for a goal, the likelier a draw.";
  const leader = home > away ? match.home_team : match.away_team;
  return `Time runs for ${leader}: the less of it is left, the more the lead is worth.`;
}

const CALLED = {
  postponed: "It is put off: nobody knows yet what of this still holds when it is played.",
  cancelled: "It will not be played, so nothing more is forecast of it.",
  abandoned: "Play was broken off. Whether it is played again or awarded is for the league to say.",
  awarded: "The league gave this result: it is certain, and teaches the ratings nothing.",
};

const REASONS = {
  goal,
  withdrawn: () => "It no longer counts, and the forecast goes back with it.",
  red: (moment, match) => {
    const team = moment.side === "home" ? match.home_team : match.away_team;
    return `${team} play on with a man fewer: they score less and concede more.`;
  },
  missed: () => "A missed penalty changes no score: what moves is only the time left.",
  yellow: () => "A yellow card is not weighed by the model: what moves is only the time left.",
  var: () => "A review by itself changes nothing: its decision does.",
  start: () => "From here on score, minutes and red cards move the forecast.",
  period: (moment) => (moment.minute === 45 ? "Half of the match is left." : "Play goes on."),
  end: () => "It is over: the result is certain.",
  odds: () => "Bookmakers moved their prices. Before kick-off the forecast weighs them with what it knows of the teams.",
  called: (moment) => CALLED[moment.status],
  moved: (moment) => (moment.minute === null ? "Its kick-off was moved, and with it how long both teams will have rested." : "It was scheduled anew: what was played before counts no more."),
  fixture: () => "What is known of both teams, before any price of this match.",
  elsewhere: () => "Another match of one of these teams ended, and what is thought of that team moved with it.",
  day: () => "A new day: table, home advantage and ratings are brought up to date.",
  model: () => "Another version of the model forecasts from here on.",
  feed: () => "The feed of this match has trouble: the forecast is as good as what was last heard.",
  statistics: () => "Shots and corners came in; they teach the ratings for the next match.",
};

export const because = (moment, match) => (REASONS[moment.kind] ?? minutes)(moment, match);
