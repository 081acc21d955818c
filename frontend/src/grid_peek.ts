/* The drawer: a look at the record of the current row; it follows the focus while it is open. */
import { state, table, words } from "./grid_table";

const drawer = () => document.getElementById("peek");
let shown = "";
let turn = 0;
let waiting = 0;

export const isPeeking = () => !!drawer() && !drawer()?.hidden;

/** Open the drawer for a record, or close it when it shows that one. */
export function peek(id: string): void {
  if (isPeeking() && id === shown) closePeek();
  else if (id) void load(id);
}

export function followPeek(id: string): void {
  if (!id || id === shown) return;
  window.clearTimeout(waiting);
  waiting = window.setTimeout(() => void load(id), 120);
}

async function load(id: string): Promise<void> {
  const place = drawer();
  const mine = ++turn;
  if (!place) return;
  shown = id;
  const reply = await fetch(`${table()?.dataset.grid}${id}/peek`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!reply?.ok || mine !== turn) return;
  place.innerHTML = await reply.text();
  if (place.hidden) {
    place.hidden = false;
    place.classList.add("is-opening");
    requestAnimationFrame(() => place.classList.remove("is-opening"));
  }
  document.getElementById("live")?.replaceChildren(`${words("peek")}: ${document.getElementById("peek-title")?.textContent ?? ""}`);
}

export function closePeek(): void {
  const place = drawer();
  window.clearTimeout(waiting);
  turn++;
  shown = "";
  if (!place || place.hidden) return;
  const hadFocus = place.contains(document.activeElement);
  place.hidden = true;
  place.replaceChildren();
  if (hadFocus) state.at?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  if ((event.target as HTMLElement).closest("[data-close-peek]")) closePeek();
});
