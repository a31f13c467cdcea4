// The duty desk's sound. Bursts follow IEC 60601-1-8: 10 pulses for high, 3 for medium, 1 for low priority.

import { hubNow, isLost } from "./live.js";

const MUTE_MS = 60_000, REPEAT_MS = 5_000;  // UL 1069: again within 10 s
// Start of each pulse in s, its length, and the fundamental in Hz.
const BURSTS = {
  1: { at: [0, 0.25, 0.5, 0.95, 1.2, 2.2, 2.45, 2.7, 3.15, 3.4], long: 0.15, hz: 660 },
  2: { at: [0, 0.4, 0.8], long: 0.2, hz: 520 },
  3: { at: [0], long: 0.2, hz: 440 },
};
const byId = (id) => document.getElementById(id);
const start = byId("duty-start"), mute = byId("duty-mute"), bar = byId("silent");
let audio = null, lock = null, mutedUntil = 0, lastSound = -REPEAT_MS, known = new Set();

const isOnDuty = () => sessionStorage.getItem("duty") === "on";
const isHeard = () => audio?.state === "running";

function burst({ at, long, hz }) {
  if (!isHeard()) return;
  // The standard asks for at least four harmonics: a pure tone is hard to find and lost on worn ears.
  const wave = audio.createPeriodicWave(new Float32Array(6), new Float32Array([0, 1, 0.7, 0.5, 0.35, 0.25]));
  for (const offset of at) {
    const tone = audio.createOscillator(), level = audio.createGain(), from = audio.currentTime + 0.05 + offset;
    tone.setPeriodicWave(wave);
    tone.frequency.value = hz;
    level.gain.setValueAtTime(0, from);
    level.gain.linearRampToValueAtTime(0.4, from + 0.02);
    level.gain.setValueAtTime(0.4, from + long - 0.02);
    level.gain.linearRampToValueAtTime(0, from + long);
    tone.connect(level).connect(audio.destination);
    tone.start(from);
    tone.stop(from + long);
  }
}

async function stayAwake() {
  if (!isOnDuty() || document.hidden) return;
  lock = await navigator.wakeLock?.request("screen").catch(() => null);
}

async function open() {
  audio ??= new AudioContext();
  audio.onstatechange = draw;
  // Without a gesture resume() waits for one and never settles, so it is not awaited.
  audio.resume();
  draw();
}

function draw() {
  if (!bar) return;
  bar.hidden = !isOnDuty() || isHeard();
  if (!start) return;
  start.setAttribute("aria-pressed", String(isOnDuty()));
  start.textContent = isOnDuty() ? start.dataset.stop : start.dataset.start;
  const left = Math.ceil((mutedUntil - hubNow()) / 1000);
  mute.hidden = !isOnDuty();
  mute.setAttribute("aria-pressed", String(left > 0));
  mute.textContent = left > 0 ? mute.dataset.left.replace("0", left) : mute.dataset.mute;
}

// What sounds now: what nobody has accepted, as far as this page knows; and a lost connection, at the least as medium.
function level() {
  const alarm = byId("alarm");
  if (!alarm || !isOnDuty() || hubNow() < mutedUntil) return 0;
  const open = Number(alarm.dataset.level);
  return isLost() ? Math.min(open || 2, 2) : open;
}

// The sound needs no hub: it keeps its own time, and what was open when the hub fell silent goes on ringing.
function sound() {
  draw();
  const now = performance.now(), which = level();
  if (!which || now - lastSound < REPEAT_MS) return;
  lastSound = now;
  burst(BURSTS[which]);
}

function soundAtOnce() {
  mutedUntil = 0;
  lastSound = -REPEAT_MS;
  sound();
}

function listen() {
  const alarm = byId("alarm");
  if (!alarm) return;
  const reds = new Set(alarm.dataset.reds.split(" ").filter(Boolean));
  const isNew = [...reds].some((id) => !known.has(id));
  known = reds;
  if (isNew) soundAtOnce();
}

start?.addEventListener("click", async () => {
  sessionStorage.setItem("duty", isOnDuty() ? "off" : "on");
  if (!isOnDuty()) { lock?.release(); return draw(); }
  await open();
  await audio.resume();
  burst(BURSTS[2]);
  sayWatched();
  stayAwake();
  draw();
});
byId("silent-mend")?.addEventListener("click", async () => { await open(); await audio.resume(); burst(BURSTS[3]); });
mute?.addEventListener("click", () => { mutedUntil = mutedUntil > hubNow() ? 0 : hubNow() + MUTE_MS; draw(); });
document.addEventListener("visibilitychange", stayAwake);
// The hub hears from every desk that is live and can be heard; when it hears of none, it calls somebody.
function sayWatched() {
  if (isOnDuty() && isHeard()) fetch("/desk/watched", { method: "POST" }).catch(() => {});
}

document.addEventListener("dd:second", sound);
document.addEventListener("dd:beat", () => { sound(); sayWatched(); });
document.addEventListener("dd:stale", soundAtOnce);
document.addEventListener("dd:part", (event) => { if (event.detail === "alarm") listen(); });
if (isOnDuty()) { open(); stayAwake(); }
listen();
draw();
