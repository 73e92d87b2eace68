// Search and filter by state: rows that don't match are hidden, nothing is asked of the server.

const input = document.getElementById("q");
const wanted = { words: [], status: "" };

export function start() {
  const query = new URLSearchParams(location.search);
  wanted.status = query.get("status") ?? "";
  input.addEventListener("input", apply);
  document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("counts").addEventListener("click", (event) => {
    const link = event.target.closest("a[data-status]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    wanted.status = link.dataset.status === wanted.status ? "" : link.dataset.status;
    apply();
  });
  document.getElementById("services").addEventListener("click", (event) => {
    if (event.target.id !== "clear") return;
    event.preventDefault();
    clear();
    input.focus();
  });
  apply();
}

export function clear() {
  input.value = "";
  wanted.status = "";
  apply();
}

export function apply() {
  wanted.words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  let total = 0;
  for (const section of document.querySelectorAll(".stack")) {
    let here = 0;
    for (const row of section.querySelectorAll(".row")) {
      const match = matches(row);
      if (row.hidden === match) row.hidden = !match;
      here += match;
      total += 1;
    }
    if (section.hidden !== !here) section.hidden = !here;
    shown += here;
  }
  document.getElementById("empty").hidden = shown > 0 || total === 0;
  for (const link of document.querySelectorAll("#counts a")) {
    if (link.dataset.status === wanted.status) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  remember();
}

function matches(row) {
  if (wanted.status && row.dataset.status !== wanted.status) return false;
  return wanted.words.every((word) => row.dataset.find.includes(word));
}

// Reloading, or sending the address to a colleague, shows the same rows.
function remember() {
  const url = new URL(location.href);
  for (const [name, value] of [["q", input.value.trim()], ["status", wanted.status]]) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  if (url.href !== location.href) history.replaceState(null, "", url);
}
