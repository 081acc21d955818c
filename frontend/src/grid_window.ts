/* Thousands of loaded rows stay quick: rows far from sight give up their cells and get them back before they are seen. */
import { forgetRows, rows, scroller, state, table } from "./grid_table";

/** Rows kept whole above and below what is seen. */
const SPARE = 80;
const parked = new WeakMap<HTMLTableRowElement, HTMLTableCellElement[]>();
let waiting = false;

/** Bring a row's cells back. */
export function showRow(row: HTMLTableRowElement): void {
  const cells = parked.get(row);
  if (!cells) return;
  parked.delete(row);
  row.classList.remove("is-parked");
  row.replaceChildren(...cells);
}

function park(row: HTMLTableRowElement): void {
  if (parked.has(row) || row.contains(state.at) || row.contains(state.anchor) || row.querySelector(".tick:checked, .is-bad, .is-saving")) return;
  parked.set(row, [...row.cells]);
  row.classList.add("is-parked");
  row.replaceChildren();
}

let whole: [number, number] = [0, Infinity];

function look(): void {
  waiting = false;
  const [view, all] = [scroller(), rows()];
  if (!view || all.length < SPARE * 3) return;
  const high = all[0].offsetHeight || 38;
  const first = Math.max(0, Math.floor(view.scrollTop / high) - SPARE);
  const last = Math.ceil((view.scrollTop + view.clientHeight) / high) + SPARE;
  for (let at = first; at <= Math.min(last, all.length - 1); at++) showRow(all[at]);
  for (let at = Math.max(0, whole[0]); at <= Math.min(whole[1], all.length - 1); at++) if (at < first || at > last) park(all[at]);
  whole = [first, last];
}

function soon(): void {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(look);
}

export function startWindow(): void {
  scroller()?.addEventListener("scroll", soon, { passive: true });
  const body = table()?.tBodies[0];
  if (!body) return;
  new MutationObserver((found) => {
    forgetRows();
    if (found.some((one) => one.addedNodes.length > 10)) whole = [0, Infinity];
    soon();
  }).observe(body, { childList: true });
}

// Ticking many rows needs their boxes: all cells come back, and ticked rows keep theirs.
document.addEventListener("gridwhole", () => {
  for (const row of rows()) showRow(row);
  whole = [0, Infinity];
});
