// Copies a command; where the clipboard is closed (plain HTTP from another machine) selects it.

export function start() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    const code = button.parentElement.querySelector("code");
    let done = true;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      done = document.execCommand("copy");
    }
    const said = done ? document.body.dataset.copied : document.body.dataset.notCopied;
    document.getElementById("announce").textContent = said;
    // By an attribute: the text itself is the server's and would be taken back at the next event.
    button.dataset.said = said;
    setTimeout(() => delete button.dataset.said, 1600);
  });
}
