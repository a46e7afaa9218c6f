// What asks again by itself carries data-live: it rests while the tab is hidden or "Pause" is on.
"use strict";
let paused = false;
for (const button of document.querySelectorAll("button[data-pause]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
  });
}
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.closest("[data-live]") && (paused || document.hidden)) {
    event.preventDefault();
  }
});
// A table with data-most keeps so many rows, the newest.
document.body.addEventListener("htmx:afterSwap", () => {
  for (const rows of document.querySelectorAll("tbody[data-most]")) {
    while (rows.rows.length > Number(rows.dataset.most)) {
      rows.deleteRow(-1);
    }
  }
});
