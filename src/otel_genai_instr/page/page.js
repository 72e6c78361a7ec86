"use strict";
// Tables that sort: by click, and by Enter or Space on the heading. What isn't there comes last, whatever the order.
for (const button of document.querySelectorAll("th > button")) {
  button.addEventListener("click", () => {
    const heading = button.parentElement;
    const column = heading.cellIndex;
    const numeric = heading.classList.contains("number");
    const before = heading.getAttribute("aria-sort");
    const descending = before ? before === "ascending" : numeric;
    for (const other of heading.parentElement.cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const sign = descending ? -1 : 1;
    const compare = numeric
      ? (one, other) => Number(one) - Number(other)
      : new Intl.Collator(undefined, { numeric: true }).compare;
    const body = heading.closest("table").tBodies[0];
    const rows = Array.from(body.rows, (row) => [row.cells[column].dataset.order, row]);
    rows.sort(([one], [other]) => {
      if (one === "" || other === "") return (one === "") - (other === "");
      return sign * compare(one, other);
    });
    body.append(...rows.map(([, row]) => row));
  });
}

// What a bar or a point of a chart stands for, beside the pointer.
const tip = document.getElementById("tip");
for (const chart of document.querySelectorAll(".chart")) {
  chart.addEventListener("pointermove", (event) => {
    const mark = event.target.closest('path[role="graphics-symbol"]');
    tip.hidden = mark === null;
    if (mark === null) return;
    tip.textContent = mark.getAttribute("aria-label");
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(event.clientX + 12, room))}px`;
    tip.style.top = `${event.clientY + 16}px`;
  });
  chart.addEventListener("pointerleave", () => { tip.hidden = true; });
}

// Where a chart is broader than the page, the newest is seen first.
for (const room of document.querySelectorAll(".chart .wide")) room.scrollLeft = room.scrollWidth;

// A link to a trace opens it.
const open = () => {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
};
addEventListener("hashchange", open);
open();

// On paper everything is open.
let closed = [];
addEventListener("beforeprint", () => {
  closed = Array.from(document.querySelectorAll("details.trace:not([open])"));
  for (const each of closed) each.open = true;
});
addEventListener("afterprint", () => { for (const each of closed) each.open = false; });
