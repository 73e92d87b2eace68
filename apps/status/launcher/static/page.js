// Puts what the server sends into the page, and tells what changed.

import * as copy from "./copy.js";
import * as find from "./find.js";
import * as keys from "./keys.js";
import { follow } from "./live.js";
import { children, morph, parse } from "./morph.js";

const root = document.documentElement;
const words = document.body.dataset;
const PARTS = ["headline", "counts", "links", "notices"];

function take({ rows, parts }) {
  const said = [];
  for (const [id, html] of Object.entries(rows)) {
    const old = document.getElementById(id);
    if (!old) continue;
    const before = old.dataset.status;
    morph(old, parse(html).firstElementChild);
    if (old.dataset.status !== before) said.push(old.dataset.say);
  }
  for (const name of PARTS) {
    if (name in parts) children(document.getElementById(name), parse(parts[name]));
  }
  if ("title" in parts) document.title = parts.title;
  if ("tone" in parts) document.getElementById("icon").href = `/static/icon-${parts.tone}.svg`;
  if (said.length) document.getElementById("announce").textContent = said.slice(0, 5).join(". ");
  find.apply();
}

// Services came or went: take the whole list anew, and keep what is equal.
async function rebuild() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const old = document.getElementById("services");
  const known = new Map([...old.querySelectorAll(".row")].map((row) => [row.id, row]));
  const list = fresh.getElementById("services");
  for (const row of list.querySelectorAll(".row")) {
    const kept = known.get(row.id);
    if (!kept) continue;
    row.replaceWith(kept);
    morph(kept, row);
  }
  const focused = document.activeElement;
  old.replaceChildren(...list.childNodes);
  if (focused !== document.activeElement && focused?.isConnected) focused.focus();
  for (const name of PARTS) {
    children(document.getElementById(name), fresh.getElementById(name));
  }
  document.title = fresh.title;
  find.apply();
}

function state(name, heard) {
  const pulse = document.getElementById("pulse");
  if (pulse.dataset.state === name) return;
  pulse.dataset.state = name;
  document.getElementById("pulse-word").textContent = words[name];
  root.classList.toggle("lost", name === "lost");
  const banner = document.getElementById("lost");
  banner.hidden = name !== "lost";
  const time = new Date(heard).toLocaleTimeString(root.lang, { hour12: false });
  banner.textContent = name === "lost" ? words.lostLong.replace("{time}", time) : "";
}

function themes() {
  const buttons = [...document.querySelectorAll("#theme button")];
  const show = () => {
    const now = root.dataset.theme ?? "auto";
    for (const button of buttons) button.setAttribute("aria-pressed", button.dataset.theme === now);
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const { theme } = button.dataset;
      if (theme === "auto") delete root.dataset.theme;
      else root.dataset.theme = theme;
      try {
        localStorage.setItem("theme", theme);
      } catch {
        // Storage may be forbidden; the choice then lasts as long as the page.
      }
      show();
    });
  }
  show();
}

themes();
find.start();
copy.start();
keys.start();
follow({
  language: root.lang,
  mark: root.dataset.mark,
  page: take,
  structure: () => rebuild().catch(() => {}),
  state,
});
