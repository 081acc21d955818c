/* Ctrl+K: search as you type over everything; arrows move, Enter opens. */

const palette = document.getElementById("palette") as HTMLDialogElement | null;
const input = document.getElementById("palette-q") as HTMLInputElement | null;
const hits = document.getElementById("palette-hits");

/** Open the search. */
export function openPalette(): void {
  if (!palette || !input) return;
  if (!palette.open) palette.showModal();
  input.select();
  input.focus();
  input.dispatchEvent(new Event("search", { bubbles: true }));
}

const options = () => [...(hits?.querySelectorAll<HTMLElement>("[role=option]") ?? [])];

function choose(next: HTMLElement | undefined): void {
  options().forEach((one) => one.setAttribute("aria-selected", String(one === next)));
  if (next?.id) input?.setAttribute("aria-activedescendant", next.id);
  next?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  if (!(event.target as Element).closest("[data-palette]")) return;
  event.preventDefault();
  openPalette();
});

input?.addEventListener("keydown", (event) => {
  const list = options();
  const at = list.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    choose(list[(at + (event.key === "ArrowDown" ? 1 : -1) + list.length) % list.length]);
  } else if (event.key === "Enter" && list.length) {
    event.preventDefault();
    (list[at] ?? list[0]).click();
  }
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  if ((event as CustomEvent).detail.target === hits) choose(options()[0]);
});
