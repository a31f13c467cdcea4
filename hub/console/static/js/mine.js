// The volunteer's page without a network: 我去 must not wait, an arrival may; what the hub then refuses stays in sight.

import { announce, hubNow } from "./live.js";

const TAKEN = 204, TOO_OFTEN = 429;
const KEPT = `kept ${location.pathname}`, body = document.body;
const read = () => JSON.parse(localStorage.getItem(KEPT) ?? "[]");
const write = (list) => { localStorage.setItem(KEPT, JSON.stringify(list)); draw(); };

function draw() {
  const list = read(), isWaiting = list.some((one) => !one.refused), bar = document.getElementById("kept");
  bar.hidden = !isWaiting;
  bar.textContent = isWaiting ? body.dataset.sayKept : "";
  document.getElementById("refused").replaceChildren(...list.filter((one) => one.refused).map(shown));
}

function shown(one) {
  const bar = document.getElementById("refused-one").content.cloneNode(true);
  bar.querySelector("b").textContent = one.where;
  bar.querySelector("span").textContent = one.refused;
  bar.querySelector("button").addEventListener("click", () => write(read().filter((kept) => kept.url !== one.url)));
  return bar;
}

document.addEventListener("htmx:error", (event) => {
  const form = event.detail.ctx?.sourceElement?.closest?.("form[data-offline]");
  if (!form) return;
  const place = form.querySelector(".mistake");
  if (form.dataset.offline === "call") {
    place.textContent = body.dataset.sayCall;
    return;
  }
  const values = Object.fromEntries(event.detail.ctx.request.body ?? new FormData(form)), url = form.getAttribute("hx-post");
  // Who presses again and again was there at the first time.
  const before = read().find((one) => one.url === url && !one.refused);
  const made_ms = before?.values.made_ms ?? Math.round(hubNow());
  const where = form.closest(".call").querySelector(".where").textContent;
  write([...read().filter((one) => one.url !== url), { url, where, values: { ...values, made_ms } }]);
  place.textContent = body.dataset.sayKept;
});

function refuse(one, text) {
  const refused = text.trim();
  write(read().map((kept) => (kept.url === one.url ? { ...kept, refused } : kept)));
  announce("urgent", refused);
}

let isSending = false;
async function send() {
  if (isSending || !read().length) return;
  isSending = true;
  try {
    for (const one of read().filter((one) => !one.refused)) {
      const answer = await fetch(one.url, { method: "POST", body: new URLSearchParams(one.values), headers: { "HX-Request": "true" } });
      // Nothing else is an answer of the hub's: it is asked again.
      if (answer.status === TAKEN) write(read().filter((kept) => kept.url !== one.url));
      else if (answer.status >= 400 && answer.status < 500 && answer.status !== TOO_OFTEN) refuse(one, await answer.text());
    }
  } catch { /* still no network: the next beat tries again */ } finally { isSending = false; }
}
document.addEventListener("dd:beat", send);
window.addEventListener("online", send);
draw();
