// The volunteer's page without a network: 我去 must not wait, an arrival may.

import { hubNow } from "./live.js";

const KEPT = `kept ${location.pathname}`, body = document.body;
const read = () => JSON.parse(localStorage.getItem(KEPT) ?? "[]");
const write = (list) => { localStorage.setItem(KEPT, JSON.stringify(list)); draw(); };

function draw() {
  const list = read(), bar = document.getElementById("kept");
  bar.hidden = list.length === 0;
  bar.textContent = list.length ? body.dataset.sayKept : "";
}

document.addEventListener("htmx:error", (event) => {
  const form = event.detail.ctx?.sourceElement?.closest?.("form[data-offline]");
  if (!form) return;
  const place = form.querySelector(".mistake");
  if (form.dataset.offline === "call") {
    place.textContent = body.dataset.sayCall;
    return;
  }
  const values = Object.fromEntries(event.detail.ctx.request.body ?? new FormData(form));
  write([...read().filter((one) => one.url !== form.getAttribute("hx-post")),
    { url: form.getAttribute("hx-post"), values: { ...values, made_ms: Math.round(hubNow()) } }]);
  place.textContent = body.dataset.sayKept;
});

let isSending = false;
async function send() {
  if (isSending || !read().length) return;
  isSending = true;
  try {
    for (const one of read()) {
      const answer = await fetch(one.url, { method: "POST", body: new URLSearchParams(one.values), headers: { "HX-Request": "true" } });
      // What the hub refuses (somebody else has closed it) is answered too; only an unreachable hub is asked again.
      if (answer.status < 500) write(read().filter((kept) => kept.url !== one.url));
    }
  } catch { /* still no network: the next beat tries again */ } finally { isSending = false; }
}
document.addEventListener("dd:beat", send);
window.addEventListener("online", send);
draw();
