/* Ticking rows: count, ranges with Shift, all rows shown; the bulk bar itself is shown by the style sheet. */
import { announce } from "./live";

let last: HTMLInputElement | null = null;

const boxes = (form: Element) => [...form.querySelectorAll<HTMLInputElement>("tbody .tick[name=id]")];

function recount(form: Element): void {
  const all = boxes(form);
  const ticked = all.filter((one) => one.checked).length;
  const head = form.querySelector<HTMLInputElement>("[data-tick-all]");
  if (head) {
    head.checked = ticked > 0 && ticked === all.length;
    head.indeterminate = ticked > 0 && ticked < all.length;
  }
  const place = form.querySelector<HTMLElement>("[data-tick-count]");
  if (place) place.textContent = (place.dataset.text ?? "{n}").replace("{n}", String(ticked));
  const everything = form.querySelector<HTMLElement>("[data-tick-everything]");
  if (everything) everything.hidden = !head?.checked || !form.querySelector("tr.more");
  form.querySelector("input[name=all]")?.remove();
  if (ticked) announce(place?.textContent ?? String(ticked));
}

document.addEventListener("click", (event) => {
  const box = event.target as HTMLInputElement;
  const form = box.closest?.("[data-list]");
  if (!form) return;
  if (box.matches("[data-tick-everything]")) {
    const all = document.createElement("input");
    all.type = "hidden";
    all.name = "all";
    all.value = "1";
    form.append(all);
    box.hidden = true;
    const place = form.querySelector<HTMLElement>("[data-tick-count]");
    if (place) place.textContent = form.querySelector("tfoot b")?.parentElement?.textContent?.trim() ?? "";
    return;
  }
  if (box.matches("[data-tick-all]")) boxes(form).forEach((one) => (one.checked = box.checked));
  else if (box.matches(".tick[name=id]")) {
    const all = boxes(form);
    if (event.shiftKey && last && form.contains(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((one) => (one.checked = box.checked));
    }
    last = box;
  } else return;
  recount(form);
});

document.addEventListener("reset", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.matches("[data-list]")) window.setTimeout(() => recount(form));
});

// Enter in "type a name to add one" belongs to the quick form; anywhere else in the list it must not post the bulk form.
document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  if (event.key === "Enter" && target.matches?.("[data-list] .tick")) event.preventDefault();
});

// When the foot has its count, say it once: "86 customers".
document.body.addEventListener("htmx:afterSwap", (event) => {
  const foot = document.querySelector("[data-list] tfoot td.first");
  if ((event as CustomEvent).detail.elt?.tagName === "TFOOT" && foot) announce(foot.textContent?.trim() ?? "");
});
document.querySelectorAll("[data-list]").forEach(recount);
