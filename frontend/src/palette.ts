/* Ctrl+K: search as you type over everything; arrows move, Enter opens. */

const palette = document.getElementById("palette") as HTMLDialogElement | null;
const input = document.getElementById("palette-q") as HTMLInputElement | null;
const hits = document.getElementById("palette-hits");
/** The words the hits on show were found for, and whether Enter was pressed before those of the last words had come. */
let shownFor: string | null = null;
let enterWaits = false;

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
  } else if (event.key === "Enter" && input.value !== shownFor) {
    // Hits of fewer letters still stand there: the first of them is not the one that was meant.
    event.preventDefault();
    enterWaits = true;
  } else if (event.key === "Enter" && list.length) {
    event.preventDefault();
    (list[at] ?? list[0]).click();
  }
});

input?.addEventListener("input", () => { enterWaits = false; });
palette?.addEventListener("close", () => { enterWaits = false; });

document.body.addEventListener("htmx:afterSwap", (event) => {
  const { target, requestConfig } = (event as CustomEvent).detail;
  if (target !== hits) return;
  choose(options()[0]);
  shownFor = String(requestConfig.parameters.q ?? "");
  if (enterWaits && shownFor === input?.value) {
    enterWaits = false;
    options()[0]?.click();
  }
});
