/* Thousands of loaded rows stay quick: rows far from sight give up their cells and get them back before they are seen. */
import { forgetRows, rows, scroller, state, table } from "./grid_table";

/** Rows kept whole above and below what is seen, and how near their end may come: a table is laid out anew as a whole
 * when a row changes, so that happens every hundred rows and not with every frame. */
const SPARE = 120;
const NEAR = 20;
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

/** Which rows have their cells: nothing known yet is all of them. */
let whole: [number, number] | null = null;
let high = 0;

function look(): void {
  waiting = false;
  const [view, all] = [scroller(), rows()];
  if (!view || all.length < SPARE * 3) return;
  high ||= all[0].offsetHeight || 38;
  const seen = [Math.floor(view.scrollTop / high), Math.ceil((view.scrollTop + view.clientHeight) / high)];
  if (whole && (seen[0] - NEAR >= whole[0] || whole[0] === 0) && (seen[1] + NEAR <= whole[1] || whole[1] >= all.length - 1)) return;
  const first = Math.max(0, seen[0] - SPARE);
  const last = Math.min(all.length - 1, seen[1] + SPARE);
  for (let at = first; at <= last; at++) showRow(all[at]);
  const [from, to] = whole ?? [0, all.length - 1];
  for (let at = from; at <= Math.min(to, all.length - 1); at++) if (at < first || at > last) park(all[at]);
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
    if (found.some((one) => one.addedNodes.length > 10)) whole = null;
    soon();
  }).observe(body, { childList: true });
}

// Ticking many rows needs their boxes: all cells come back, and ticked rows keep theirs.
document.addEventListener("gridwhole", () => {
  for (const row of rows()) showRow(row);
  whole = null;
});
