// Dialogs and forms: what was typed stays, what went wrong stands beside it, a button works once at a time.

import { announce } from "./live.js";

const body = document.body, dialog = document.getElementById("act");

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target?.id !== "act-body" || dialog.open) return;
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

const sayBeside = (element, text) => {
  const place = element.closest("form, [data-form]")?.querySelector(".mistake");
  if (place) place.textContent = text;
  else announce("urgent", text);
};
// Neither a gateway's error page nor silence is an answer: say that nothing was taken.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if ((ctx.response?.status ?? 0) < 500) return;
  event.preventDefault();
  sayBeside(ctx.sourceElement, body.dataset.sayFailed);
});
document.addEventListener("htmx:error", (event) => {
  const source = event.detail.ctx?.sourceElement;
  if (source && source.id !== "stream") sayBeside(source, body.dataset.sayUnsent);
});
// The hub took it: the server's sentence comes with the event.
document.addEventListener("acted", (event) => {
  dialog?.close();
  // A form that was folded out in a list is folded in again, and its row shows at once what has come of it.
  const fold = event.target.closest?.("details");
  if (fold) {
    fold.open = false;
    fold.querySelector("summary").focus();
    document.dispatchEvent(new CustomEvent("dd:done"));
  }
  const said = event.detail.say ?? event.detail.value ?? "";
  const fields = undo && event.detail.undo;
  announce("polite", fields ? `${said} ${undo.dataset.say}` : said);
  document.getElementById("toast-say").textContent = said;
  if (undo) undo.hidden = !fields;
  if (fields) {
    for (const [name, value] of Object.entries(fields)) undo.elements[name].value = value;
    undo.querySelector(".mistake").textContent = "";
  }
  show(fields ? UNDO_S : SAID_S);
});

// What was just pressed can be taken back for a while. Ctrl+Z reaches it from anywhere: the line takes no focus, so
// that a second Enter undoes nothing.
const UNDO_S = 10, SAID_S = 6;
const toast = document.getElementById("toast"), undo = document.getElementById("undo");
let timer = 0;
function show(seconds) {
  clearInterval(timer);
  const count = () => {
    toast.hidden = seconds === 0;
    if (undo) undo.querySelector("b").textContent = seconds;
    if (seconds-- === 0) clearInterval(timer);
  };
  count();
  timer = setInterval(count, 1000);
}
undo?.addEventListener("submit", () => show(UNDO_S));
document.addEventListener("keydown", (event) => {
  if (!undo || undo.hidden || toast.hidden || event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey)) return;
  if (event.target.closest("input, textarea, select")) return;
  event.preventDefault();
  undo.requestSubmit();
});

// A list is searched where it stands; its address carries the words.
for (const field of document.querySelectorAll("[data-search]")) {
  const find = () => {
    const words = field.value.trim().toLowerCase();
    for (const item of document.querySelectorAll(`${field.dataset.search} [data-text]`))
      item.hidden = words !== "" && !item.dataset.text.toLowerCase().includes(words);
    history.replaceState(null, "", words ? `?q=${encodeURIComponent(field.value.trim())}` : location.pathname);
  };
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", find);
  document.addEventListener("dd:part", find);
  find();
}
