/* Ticking rows: count, ranges with Shift, all rows shown, all that match; on a phone by a long press or the Select button. */
import { announce, isTyping } from "./live";

let last: HTMLInputElement | null = null;

const boxes = (form: Element) => [...form.querySelectorAll<HTMLInputElement>("tbody .tick[name=id]")];
/** More ticks than this go to the server as one text. */
const MANY = 100;

function recount(form: Element): void {
  const all = boxes(form);
  const ticked = all.filter((one) => one.checked).length;
  const head = form.querySelector<HTMLInputElement>("[data-tick-all]");
  if (head) {
    head.checked = ticked > 0 && ticked === all.length;
    head.indeterminate = ticked > 0 && ticked < all.length;
  }
  const place = form.querySelector<HTMLElement>("[data-tick-count]");
  if (place) place.textContent = (place.dataset.text ?? "{n}").replace("{n}", ticked.toLocaleString(document.documentElement.lang || undefined));
  const everything = form.querySelector<HTMLElement>("[data-tick-everything]");
  if (everything) {
    const known = totalOf(form);
    everything.hidden = !ticked || ticked < all.length || !form.querySelector("tr.more");
    if (known) everything.textContent = (everything.dataset.text ?? "{n}").replace("{n}", known);
  }
  form.querySelector("input[name=all]")?.remove();
  if (ticked) announce(place?.textContent ?? String(ticked));
}

/** How many records match, as the foot says it: "1,234" or "10,000+". */
const totalOf = (form: Element) => form.querySelector("tfoot b")?.textContent?.trim() ?? "";

function tickEverything(form: Element, button: HTMLElement): void {
  const all = document.createElement("input");
  all.type = "hidden";
  all.name = "all";
  all.value = "1";
  form.append(all);
  button.hidden = true;
  const place = form.querySelector<HTMLElement>("[data-tick-count]");
  if (place) place.textContent = (place.dataset.text ?? "{n}").replace("{n}", totalOf(form));
  announce(place?.textContent ?? "");
}

document.addEventListener("click", (event) => {
  const box = event.target as HTMLInputElement;
  const form = box.closest?.("[data-list]");
  if (!form) return;
  if (box.matches("[data-tick-everything]")) return tickEverything(form, box);
  if (box.matches("[data-tick-all]")) {
    document.dispatchEvent(new CustomEvent("gridwhole"));
    boxes(form).forEach((one) => (one.checked = box.checked));
  } else if (box.matches(".tick[name=id]")) {
    if (event.shiftKey && last && form.contains(last)) {
      document.dispatchEvent(new CustomEvent("gridwhole"));
      const all = boxes(form);
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((one) => (one.checked = box.checked));
    }
    last = box;
  } else return;
  recount(form);
});

document.addEventListener("reset", (event) => {
  const form = event.target as HTMLFormElement;
  if (!form.matches("[data-list]")) return;
  form.classList.remove("is-selecting");
  window.setTimeout(() => recount(form));
});

// Enter in "type a name to add one" belongs to the quick form; anywhere else in the list it must not post the bulk form.
document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  if (event.key === "Enter" && target.matches?.("[data-list] .tick")) event.preventDefault();
  // A and T reach the bulk bar while rows are ticked.
  const key = event.key.toUpperCase();
  if ((key !== "A" && key !== "T") || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(target) || document.body.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
  const button = document.querySelector<HTMLElement>(`[data-list]:has(tbody .tick:checked) .bulk [aria-keyshortcuts=${key}]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

// Hundreds of ticks travel as one text: the server takes no thousand single inputs.
document.body.addEventListener("htmx:configRequest", (event) => {
  const { elt, formData } = (event as CustomEvent<{ elt: Element; formData: FormData }>).detail;
  if (!elt.matches("[data-list]")) return;
  const ids = formData.getAll("id");
  if (formData.get("all") === "1") formData.delete("id");
  else if (ids.length > MANY) {
    formData.delete("id");
    formData.set("ids", ids.join(","));
  }
});

// ---- phones: a long press on a row, or the Select button, shows the boxes ----

let press = 0;

function select(form: Element, row: Element | null): void {
  form.classList.add("is-selecting");
  const box = row?.querySelector<HTMLInputElement>(".tick");
  if (box && !box.checked) box.click();
}

document.addEventListener("pointerdown", (event) => {
  const row = (event.target as HTMLElement).closest("[data-list] tr[data-id]");
  const form = row?.closest("[data-list]");
  if (!row || !form || event.pointerType !== "touch" || form.classList.contains("is-selecting")) return;
  window.clearTimeout(press);
  press = window.setTimeout(() => {
    select(form, row);
    navigator.vibrate?.(10);
    // The finger goes up again on the same row: that must not open it.
    document.addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
  }, 500);
});
for (const kind of ["pointerup", "pointermove", "pointercancel"]) document.addEventListener(kind, () => window.clearTimeout(press));
document.addEventListener("contextmenu", (event) => {
  if ((event.target as HTMLElement).closest(".is-selecting tr[data-id]")) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const button = target.closest("[data-select]");
  if (button) {
    const form = document.querySelector<HTMLFormElement>("[data-list]");
    if (form?.classList.contains("is-selecting")) form.reset();
    else if (form) select(form, null);
    return;
  }
  // While selecting, a touch on a row ticks it instead of opening it.
  const row = target.closest<HTMLElement>(".is-selecting tr[data-id]");
  if (!row || target.matches(".tick")) return;
  event.preventDefault();
  row.querySelector<HTMLInputElement>(".tick")?.click();
}, true);

// When the foot has its count, say it once: "86 customers".
document.body.addEventListener("htmx:afterSwap", (event) => {
  const foot = document.querySelector("[data-list] tfoot td.first");
  if ((event as CustomEvent).detail.elt?.tagName === "TFOOT" && foot) announce(foot.textContent?.trim() ?? "");
});
document.querySelectorAll("[data-list]").forEach(recount);
