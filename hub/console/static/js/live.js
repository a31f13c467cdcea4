// Keeps a page true to the hub: its stream, how old it is, its clocks, and when new parts may move.

const SOFT_MS = 10_000, HARD_MS = 20_000, RETRY_MS = 8_000;
const POINTER_HOLDS_MS = 3_000, FOCUS_HOLDS_MS = 10_000;
const body = document.body, stream = document.getElementById("stream");
const byId = (id) => document.getElementById(id);

let serverMs = Number(body.dataset.now), atLocal = Date.now();  // what the hub's clock said, and when we heard it
let lastBeat = Date.now(), lastRetry = 0, connection = null;
let pointer = { at: 0, over: null }, keys = 0;
const held = new Map();
let age = "";  // of what the page shows: "", "soft" or "hard"

/** The hub's time in ms; ages never depend on this machine's clock being right. */
export const hubNow = () => serverMs + (Date.now() - atLocal);

/** Whether the connection is lost: the bar is up, and what the page shows is old. */
export const isLost = () => age === "hard";

/** Says a sentence to those who listen: "polite" or "urgent". */
export function announce(where, text) {
  const region = byId(where);
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}

const two = (n) => String(n).padStart(2, "0");
function length(ms) {
  const s = Math.max(0, Math.floor(ms / 1000)), h = Math.floor(s / 3600);
  return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}
function timeOfDay(ms) {
  return new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: body.dataset.zone }).format(ms);
}

function tick() {
  const now = hubNow();
  for (const clock of document.querySelectorAll("[data-since]")) clock.textContent = length(now - clock.dataset.since);
  for (const clock of document.querySelectorAll("[data-until]")) clock.textContent = length(clock.dataset.until - now);
}

// --- how old the page is -----------------------------------------------------------------------------

function watch() {
  tick();
  if (!stream) return;
  const silent = Date.now() - lastBeat;
  if (silent > RETRY_MS && Date.now() - lastRetry > RETRY_MS) reconnect();
  const now = silent >= HARD_MS ? "hard" : silent >= SOFT_MS ? "soft" : "";
  if (now === age) return;
  const was = age;
  age = now;
  body.classList.toggle("is-stale", age !== "");
  byId("stale-soft").hidden = age !== "soft";
  byId("stale-hard").hidden = age !== "hard";
  for (const at of document.querySelectorAll(".stale-at")) at.textContent = timeOfDay(serverMs);
  if (age === "hard") {
    announce("urgent", byId("stale-hard").textContent.trim());
    document.dispatchEvent(new CustomEvent("dd:stale"));
  }
  if (!age && was) announce("polite", body.dataset.sayBack);
}

function reconnect() {
  lastRetry = Date.now();
  // A stream whose network vanished never ends by itself; one that never began is asked for again.
  if (connection?.reader) connection.reader.cancel();
  else if (connection?.delayCanceller) connection.delayCanceller();
  else if (!connection) htmx.trigger(stream, "again");
}

// --- parts -------------------------------------------------------------------------------------------

const items = (root) => [...root.querySelectorAll("[data-item]")].map((item) => item.id);

function isBusy(part) {
  if (!("hold" in part.dataset) || document.querySelector("dialog[open]")) return false;
  const underPointer = part.contains(pointer.over) && Date.now() - pointer.at < POINTER_HOLDS_MS;
  const underFocus = part.contains(document.activeElement) && Date.now() - keys < FOCUS_HOLDS_MS;
  return underPointer || underFocus;
}

async function show(html) {
  const next = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  const part = next && byId(next.id);
  if (!part) return;
  const known = items(part);
  if (isBusy(part) && known.length) {
    held.set(part.id, html);
    return offer(part, items(next).filter((id) => !known.includes(id)).length);
  }
  held.delete(part.id);
  offer(part, null);
  await htmx.swap({ text: html, target: part, swap: "outerMorph", sourceElement: part });
  tick();
  document.dispatchEvent(new CustomEvent("dd:part", { detail: next.id }));
}

/** Offers what is held back: how many are new, or that something changed. */
function offer(part, fresh) {
  const button = byId(`${part.id}-news`);
  if (!button) return;
  button.hidden = fresh === null;
  if (fresh !== null) button.textContent = fresh ? body.dataset.sayNew.replace("0", fresh) : body.dataset.sayChanged;
}

function release(isForced) {
  for (const [id, html] of held) if (isForced || !isBusy(byId(id))) show(html);
}

document.addEventListener("pointermove", (event) => { pointer = { at: Date.now(), over: event.target }; }, { passive: true });
document.addEventListener("keydown", () => { keys = Date.now(); });
document.addEventListener("dd:done", () => {
  pointer.at = keys = 0;
  release(false);
});
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-release]")) return;
  pointer.at = keys = 0;
  release(true);
});
if (stream) {
  stream.addEventListener("htmx:sse:after:connection", (event) => { connection = event.detail.connection; });
  stream.addEventListener("htmx:sse:close", () => { connection = null; });
  stream.addEventListener("htmx:sse:error", (event) => { if (event.detail.status === 401) location.reload(); });
  stream.addEventListener("htmx:after:request", (event) => {
    if (event.detail.ctx.response?.status === 401) location.reload();
  });
  stream.addEventListener("part", (event) => show(event.detail.data));
  stream.addEventListener("beat", (event) => {
    [serverMs, atLocal, lastBeat] = [Number(event.detail.data), Date.now(), Date.now()];
    watch();
    release(false);
    document.dispatchEvent(new CustomEvent("dd:beat"));
  });
}
function second() {
  watch();
  release(false);
  document.dispatchEvent(new CustomEvent("dd:second"));
}
// A hidden tab's own timers are slowed down to one a minute, a worker's are not.
const seconds = new Worker("/static/js/seconds.js");
seconds.onmessage = second;
seconds.onerror = () => setInterval(second, 1000);
tick();
