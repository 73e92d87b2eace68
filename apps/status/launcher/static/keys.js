// The keyboard: "/" searches from anywhere (can be turned off), arrows walk through the rows.

import { clear } from "./find.js";

const input = document.getElementById("q");
const box = document.getElementById("keys");

export function start() {
  box.checked = recall() !== "off";
  document.documentElement.classList.toggle("no-keys", !box.checked);
  box.addEventListener("change", () => {
    keep(box.checked ? "on" : "off");
    document.documentElement.classList.toggle("no-keys", !box.checked);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, textarea, select");
    if (event.key === "/" && !typing && box.checked) act(event, () => input.select());
    else if (event.key === "Escape" && (event.target === input || row(event))) {
      act(event, () => {
        clear();
        input.focus();
      });
    } else if (event.key === "ArrowDown" && (event.target === input || onRow(event))) {
      act(event, () => move(row(event), 1));
    } else if (event.key === "ArrowUp" && onRow(event)) act(event, () => move(row(event), -1));
    else if (event.key === "Enter" && event.target === input) act(event, () => move(null, 1));
    else if (event.key === "Enter" && onRow(event)) row(event).querySelector("a.ui")?.click();
    else if (event.key.toLowerCase() === "e" && onRow(event)) {
      const details = row(event).querySelector("details");
      details.open = !details.open;
    }
  });
}

function act(event, what) {
  event.preventDefault();
  what();
}

function row(event) {
  return event.target.closest(".row");
}

function onRow(event) {
  return event.target.classList.contains("row");
}

function move(from, step) {
  const rows = [...document.querySelectorAll(".row:not([hidden])")];
  const next = rows.indexOf(from) + step;
  if (next < 0) input.focus();
  else (rows[Math.min(next, rows.length - 1)] ?? input).focus();
}

function recall() {
  try {
    return localStorage.getItem("keys");
  } catch {
    return null;
  }
}

function keep(value) {
  try {
    localStorage.setItem("keys", value);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}
