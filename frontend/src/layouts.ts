/* Page layouts: fields move by mouse, touch and buttons; the order of the page is what the form saves. */
import Sortable from "sortablejs";

const rowsOf = (list: Element) => [...list.querySelectorAll<HTMLElement>(":scope > [data-row]")];

/** One place up or down, over the edge of its card into the next; away to the last card, or back into the one before it. */
function step(row: HTMLElement, verb: string, lists: HTMLElement[]): boolean {
  const list = row.closest<HTMLElement>("[data-rows]")!;
  const at = lists.indexOf(list);
  const [before, after] = [row.previousElementSibling, row.nextElementSibling];
  if (verb === "up" && before?.matches("[data-row]")) before.before(row);
  else if (verb === "down" && after?.matches("[data-row]")) after.after(row);
  else if (verb === "up" && lists[at - 1]) end(lists[at - 1]!, row);
  else if (verb === "down" && lists[at + 1]) lists[at + 1]!.prepend(row);
  else if (verb === "away") lists[lists.length - 1]!.prepend(row);
  else if (verb === "back") end(lists[lists.length - 2]!, row);
  else return false;
  return true;
}

function end(list: HTMLElement, row: HTMLElement): void {
  list.insertBefore(row, list.querySelector(":scope > .lay-none"));
}

function tell(form: HTMLElement, row: HTMLElement): void {
  const said = form.querySelector<HTMLElement>("[data-said]");
  const list = row.closest<HTMLElement>("[data-rows]");
  if (!said || !list) return;
  const rows = rowsOf(list);
  said.textContent = (form.dataset.moved ?? "")
    .replace("{name}", row.dataset.label ?? "").replace("{at}", String(rows.indexOf(row) + 1))
    .replace("{count}", String(rows.length)).replace("{place}", list.dataset.name ?? "");
}

function begin(form: HTMLElement): void {
  const all = [...form.querySelectorAll<HTMLElement>("[data-rows]")];
  form.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-step]");
    const row = button?.closest<HTMLElement>("[data-row]");
    if (!button || !row) return; // sections are moved by the server
    event.preventDefault();
    const place = row.closest<HTMLElement>("[data-rows]")!.dataset.rows;
    const verb = button.dataset.step ?? "";
    if (!step(row, verb, all.filter((list) => list.dataset.rows === place))) return;
    // The button that was pressed may be hidden where the row stands now.
    const back = [button, ...row.querySelectorAll<HTMLElement>("[data-step]")].find((one) => one.offsetParent !== null);
    back?.focus();
    row.scrollIntoView({ block: "nearest" });
    tell(form, row);
  });
  for (const list of all) {
    Sortable.create(list, {
      group: list.dataset.rows, draggable: "[data-row]", handle: "[data-grip]", ghostClass: "is-ghost", forceFallback: true,
      fallbackOnBody: true, fallbackTolerance: 4, scroll: true, scrollSensitivity: 60, bubbleScroll: true,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 160,
      onEnd: (event) => tell(form, event.item),
    });
  }
}

document.querySelectorAll<HTMLElement>("form[data-layout]").forEach(begin);
