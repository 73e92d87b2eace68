// Follows the server's events, notices when they stop, and tries again by itself.

const SILENCE_MS = 12000;
const RETRY_MS = 2000;

export function follow({ language, mark, page, structure, state }) {
  let source = null;
  let heard = Date.now();
  let last = mark;

  function open() {
    source?.close();
    const query = new URLSearchParams({ lang: language, since: last });
    source = new EventSource(`/live?${query}`);
    source.addEventListener("open", () => hear());
    source.addEventListener("page", (event) => {
      hear(event);
      page(JSON.parse(event.data));
    });
    source.addEventListener("structure", (event) => {
      hear(event);
      structure();
    });
    source.addEventListener("error", () => state("lost", heard));
  }

  function hear(event) {
    heard = Date.now();
    if (event?.lastEventId) last = event.lastEventId;
    state("live", heard);
  }

  let tried = Date.now();
  setInterval(() => {
    const now = Date.now();
    const silent = now - heard > SILENCE_MS;
    if (silent) state("lost", heard);
    if ((silent || source.readyState === EventSource.CLOSED) && now - tried > RETRY_MS) {
      tried = now;
      open();
    }
  }, 500);
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
  open();
}
