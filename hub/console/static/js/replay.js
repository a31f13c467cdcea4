// The replay, one second in which something happened after the other; without this script they stand in a list.

import { announce } from "./live.js";

const STEP_MS = 1_000;
const byId = (id) => document.getElementById(id);
const frames = [...document.querySelectorAll("#frames > li")];
const bar = byId("replay-bar"), play = byId("replay-play"), at = byId("replay-at"), now = byId("replay-now");
let timer = 0;

function show() {
  const index = Number(at.value), frame = frames[index];
  for (const one of frames) one.hidden = one !== frame;
  now.setAttribute("x", Math.max(0, frame.dataset.x - 3));
  at.setAttribute("aria-valuetext", frame.dataset.say);
}

function stop() {
  clearInterval(timer);
  timer = 0;
  play.textContent = play.dataset.play;
}

function step() {
  if (Number(at.value) >= frames.length - 1) return stop();
  at.value = Number(at.value) + 1;
  show();
  announce("polite", frames[at.value].dataset.say);
}

if (frames.length) {
  bar.hidden = false;
  now.removeAttribute("hidden");
  at.addEventListener("input", () => { stop(); show(); });
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (Number(at.value) >= frames.length - 1) at.value = 0;
    play.textContent = play.dataset.stop;
    show();
    timer = setInterval(step, STEP_MS);
  });
  show();
}
