/* Lists under their views: Shift adds a sort, groups fold, columns are ordered by drag or keys. */
import htmx from "htmx.org";
import Sortable from "sortablejs";

import { announce } from "./live";

// ---- sorting: Shift+click (or Shift+Enter) on a head adds its field to the sort ----

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-add-sort]");
  if (!link || !event.shiftKey) return;
  event.preventDefault();
  location.assign(link.dataset.addSort ?? link.href);
});

// ---- groups ----

/** The rows that stand under a head, up to the next one. */
function rowsOf(head: Element): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (let row = head.nextElementSibling; row && !row.matches(".group-head"); row = row.nextElementSibling) found.push(row as HTMLElement);
  return found;
}

function fold(button: HTMLElement, open: boolean): void {
  const head = button.closest<HTMLElement>(".group-head");
  if (!head || (button.getAttribute("aria-expanded") === "true") === open) return;
  button.setAttribute("aria-expanded", String(open));
  const rows = rowsOf(head);
  if (open && !head.dataset.loaded) {
    head.dataset.loaded = "1";
    htmx.trigger(button, "unfold");
  } else rows.forEach((row) => (row.hidden = !open));
}

const buttons = () => [...document.querySelectorAll<HTMLElement>("[data-fold]")];

document.addEventListener("click", (event) => {
  const head = (event.target as Element).closest<HTMLElement>(".group-head");
  const button = head?.querySelector<HTMLElement>("[data-fold]");
  if (!head || !button || (event.target as Element).closest("a:not([data-fold]), input")) return;
  event.preventDefault();
  const open = button.getAttribute("aria-expanded") !== "true";
  // Alt folds or unfolds all of them.
  if (event.altKey) buttons().forEach((one) => fold(one, open));
  else fold(button, open);
});

document.addEventListener("keydown", (event) => {
  const button = (event.target as Element).closest?.<HTMLElement>("[data-fold]");
  if (!button) return;
  const all = buttons();
  const keys: Record<string, () => void> = {
    " ": () => fold(button, button.getAttribute("aria-expanded") !== "true"),
    Enter: () => fold(button, button.getAttribute("aria-expanded") !== "true"),
    ArrowRight: () => fold(button, true),
    ArrowLeft: () => fold(button, false),
    ArrowDown: () => all[all.indexOf(button) + 1]?.focus(),
    ArrowUp: () => all[all.indexOf(button) - 1]?.focus(),
  };
  const act = keys[event.key];
  if (!act || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}, true);

document.body.addEventListener("htmx:beforeRequest", (event) => {
  const button = (event as CustomEvent).detail.elt as HTMLElement;
  if (!button.matches("[data-fold]")) return;
  button.setAttribute("aria-expanded", "true");
  const head = button.closest<HTMLElement>(".group-head");
  if (head) head.dataset.loaded = "1";
});

// ---- columns: the order of the boxes is the order of the columns ----

function place(item: HTMLElement): void {
  const form = item.closest<HTMLElement>("[data-columns]");
  const at = [...(item.parentElement?.querySelectorAll("label") ?? [])].indexOf(item as HTMLLabelElement) + 1;
  announce((form?.dataset.moved ?? "").replace("{name}", item.textContent?.trim() ?? "").replace("{n}", String(at)));
}

document.querySelectorAll<HTMLElement>("[data-column-list]").forEach((list) => {
  Sortable.create(list, { draggable: "[data-column-item]", handle: ".grip", animation: 120, forceFallback: true, onEnd: (event) => place(event.item) });
});

document.addEventListener("keydown", (event) => {
  const item = (event.target as Element).closest?.<HTMLElement>("[data-column-item]");
  if (!item || !event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  event.stopPropagation();
  const other = event.key === "ArrowUp" ? item.previousElementSibling : item.nextElementSibling;
  if (!other?.matches("[data-column-item]")) return;
  if (event.key === "ArrowUp") other.before(item);
  else other.after(item);
  (event.target as HTMLElement).focus();
  place(item);
}, true);
