/* Widths of columns by dragging the edge of a head or Alt+Shift+arrows on it; kept in this browser per person, type and view. */
import { announce } from "./live";
import { heads, table, words } from "./grid_table";

const LEAST = 64;
const MOST = 640;
const place = () => `rapport-widths:${table()?.dataset.widths ?? ""}`;

function kept(): Record<string, number> {
  try {
    return JSON.parse(localStorage.getItem(place()) ?? "{}") as Record<string, number>;
  } catch {
    return {};
  }
}

const colOf = (head: HTMLTableCellElement) => table()?.querySelectorAll("col")[head.cellIndex] as HTMLElement | undefined;

function set(head: HTMLTableCellElement, width: number): void {
  const col = colOf(head);
  if (col) col.style.width = `${Math.max(LEAST, Math.min(MOST, Math.round(width)))}px`;
}

function keep(head: HTMLTableCellElement): void {
  const width = Math.round(head.getBoundingClientRect().width);
  localStorage.setItem(place(), JSON.stringify({ ...kept(), [head.dataset.key ?? ""]: width }));
  announce(words("width").replace("{label}", head.dataset.label ?? "").replace("{n}", String(width)));
}

export function widen(head: HTMLTableCellElement, by: number): void {
  if (!head.dataset.key) return;
  set(head, head.getBoundingClientRect().width + by);
  keep(head);
}

/** Give back the declared width. */
function forget(head: HTMLTableCellElement): void {
  const { [head.dataset.key ?? ""]: _gone, ...rest } = kept();
  localStorage.setItem(place(), JSON.stringify(rest));
  colOf(head)?.style.removeProperty("width");
}

export function startWidths(): void {
  const found = kept();
  for (const head of heads()) {
    const key = head.dataset.key;
    if (!key) continue;
    if (found[key]) set(head, found[key]);
    const grip = document.createElement("span");
    grip.className = "col-grip";
    grip.setAttribute("aria-hidden", "true");
    grip.title = words("resize").replace("{label}", head.dataset.label ?? "");
    head.append(grip);
    grip.addEventListener("pointerdown", (event) => drag(head, grip, event));
    grip.addEventListener("dblclick", () => forget(head));
  }
}

function drag(head: HTMLTableCellElement, grip: HTMLElement, began: PointerEvent): void {
  began.preventDefault();
  grip.setPointerCapture(began.pointerId);
  const width = head.getBoundingClientRect().width;
  const way = getComputedStyle(head).direction === "rtl" ? -1 : 1;
  grip.classList.add("is-dragged");
  const move = (event: PointerEvent) => set(head, width + (event.clientX - began.clientX) * way);
  const end = () => {
    grip.removeEventListener("pointermove", move);
    grip.classList.remove("is-dragged");
    keep(head);
  };
  grip.addEventListener("pointermove", move);
  grip.addEventListener("pointerup", end, { once: true });
}
