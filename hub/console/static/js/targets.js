// Choosing who hears an announcement: the tree and the map show the same choice, and how far it reaches.

const tree = document.getElementById("targets");
const boxes = (selector) => [...tree.querySelectorAll(selector)];
const houses = () => [...document.querySelectorAll(".plan [data-place]")];

/** What is ticked reaches down; a group is ticked when all of it is, half-ticked when some of it is. */
function settle(changed) {
  const all = tree.querySelector("[value=all]");
  if (changed === all) for (const box of boxes("input")) box.checked = all.checked;
  if (changed?.dataset.grid) for (const box of boxes(`[data-of="${changed.dataset.grid}"]`)) box.checked = changed.checked;
  for (const grid of boxes("[data-grid]")) group(grid, boxes(`[data-of="${grid.dataset.grid}"]`));
  group(all, boxes("[data-building]"));
  draw();
}

function group(box, parts) {
  const ticked = parts.filter((part) => part.checked).length;
  box.checked = parts.length > 0 && ticked === parts.length;
  box.indeterminate = ticked > 0 && !box.checked;
}

function draw() {
  const chosen = new Set(boxes("[data-building]:checked").map((box) => box.value));
  for (const house of houses()) house.setAttribute("aria-checked", String(chosen.has(house.dataset.place)));
  for (const reach of document.querySelectorAll(".reach"))
    reach.textContent = chosen.size ? reach.dataset.some.replace("0", chosen.size) : reach.dataset.none;
}

function toggle(house) {
  const box = boxes("[data-building]").find((one) => one.value === house.dataset.place);
  if (!box) return;
  box.checked = !box.checked;
  settle(box);
}

if (tree) {
  tree.addEventListener("change", (event) => settle(event.target));
  document.addEventListener("click", (event) => {
    const house = event.target.closest(".plan [data-place]");
    if (house) toggle(house);
  });
  document.addEventListener("keydown", (event) => {
    const house = event.target.closest?.(".plan [data-place]");
    if (!house || event.key !== " ") return;
    event.preventDefault();
    toggle(house);
  });
  document.addEventListener("dd:part", draw);
  settle(null);
}

const form = document.getElementById("compose");
if (form) {
  const when = form.querySelector("[name=at]");
  const choose = () => { when.closest(".field").hidden = form.querySelector("[name=when]:checked").value === "now"; };
  form.addEventListener("change", choose);
  choose();
}
