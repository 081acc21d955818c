/* The record page and every form: editing in place, parts that follow a change. */
import htmx from "htmx.org";

import { isTyping } from "./live";

const byId = (id: string) => document.getElementById(id);

// ---- a property in place ----

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const link = target.closest<HTMLElement>(".prop-e");
  const value = target.closest<HTMLElement>("dd[data-edit]");
  if (value && (link || !target.closest("a, button, input, select, textarea, label"))) {
    if (link && (event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!document.getSelection()?.toString() || link) openProperty(value);
  }
  const back = target.closest<HTMLElement>("[data-put-back]");
  if (back) putBack(back.closest<HTMLFormElement>("form[data-inline]"));
});

function openProperty(value: HTMLElement): void {
  const row = value.closest<HTMLElement>(".prop");
  if (!row) return;
  // A refresh that is under way must not take the row away from under the hand.
  row.dataset.opening = "";
  void htmx.ajax("get", value.dataset.edit ?? "", { target: row, swap: "outerHTML" }).then(() => {
    const form = byId(row.id);
    const control = form?.querySelector<HTMLElement>("input:not([type=hidden]):not([type=radio]):not([type=checkbox]), select, textarea, input:checked, input[type=radio], input[type=checkbox]");
    control?.focus();
    if (control instanceof HTMLInputElement && control.type === "text") control.select();
  });
}

function putBack(form: HTMLFormElement | null): void {
  if (!form) return;
  const id = form.id;
  void htmx.ajax("get", form.dataset.inline ?? "", { target: form, swap: "outerHTML" }).then(() => focusProperty(id));
}

function focusProperty(id: string): void {
  byId(id)?.querySelector<HTMLElement>(".prop-e")?.focus();
}

// The control gave way to the value: the keyboard stays where it was.
document.addEventListener("htmx:afterSwap", (event) => {
  const id = ((event as CustomEvent).detail.target as HTMLElement).id;
  const row = id.startsWith("p-") ? byId(id) : null;
  if (row && !row.matches("form") && document.activeElement === document.body) focusProperty(id);
});

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  const form = target.closest?.<HTMLFormElement>("form[data-inline]");
  if (form && event.key === "Escape" && target.getAttribute("aria-expanded") !== "true") {
    event.stopPropagation();
    putBack(form);
  }
});

// A list or a switch saves as soon as something else is chosen; there is nothing to type.
document.addEventListener("change", (event) => {
  const target = event.target as HTMLElement;
  const form = target.closest<HTMLFormElement>("form[data-inline]");
  const isChoice = target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === "radio");
  if (form && isChoice && !form.querySelector(".both-inline")) form.requestSubmit();
});

// ---- after a change the parts of the page follow ----

let running: AbortController | undefined;

export async function refreshRecord(saved = ""): Promise<void> {
  const page = document.querySelector<HTMLElement>("[data-refresh-ids]");
  if (!page) return;
  running?.abort();
  running = new AbortController();
  let text: string;
  try {
    const answer = await fetch(location.pathname, { signal: running.signal, headers: { Accept: "text/html" } });
    if (answer.status === 404) location.assign(location.pathname.replace(/[^/]+$/, ""));
    if (!answer.ok) return;
    text = await answer.text();
  } catch {
    return;
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const focused = document.activeElement?.id ?? "";
  for (const id of (page.dataset.refreshIds ?? "").split(",")) {
    const [old, now] = [byId(id), fresh.getElementById(id)];
    if (!old || !now || old.querySelector("form[data-inline], [data-opening]")) continue;
    const made = document.importNode(now, true);
    for (const one of old.querySelectorAll<HTMLDetailsElement>("details[open][id]")) made.querySelector(`#${CSS.escape(one.id)}`)?.setAttribute("open", "");
    const at = old.scrollTop;
    old.replaceWith(made);
    made.scrollTop = at;
    htmx.process(made);
  }
  if (saved) {
    byId(`p-${saved}`)?.classList.add("is-saved");
    if (document.activeElement === document.body) focusProperty(`p-${saved}`);
  } else if (focused || backTo) (byId(focused) ?? byId(backTo))?.focus();
  backTo = "";
}

// ---- a short form inside a panel ----

let backTo = "";

document.addEventListener("submit", (event) => {
  backTo = (event.target as HTMLElement).closest<HTMLElement>(".add-inline")?.dataset.opener ?? "";
}, true);

function leaveInline(box: HTMLElement): void {
  box.replaceChildren();
  byId(box.dataset.opener ?? "")?.focus();
}

document.addEventListener("click", (event) => {
  const box = (event.target as HTMLElement).closest<HTMLElement>("[data-cancel-inline]")?.closest<HTMLElement>(".add-inline");
  if (box) leaveInline(box);
});

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  const box = event.key === "Escape" && target.getAttribute("aria-expanded") !== "true" ? target.closest?.<HTMLElement>(".add-inline") : null;
  if (box) leaveInline(box);
});

document.addEventListener("htmx:afterSwap", (event) => {
  const box = (event as CustomEvent).detail.target as HTMLElement;
  if (box.matches(".add-inline")) box.querySelector<HTMLElement>("[aria-invalid=true], input:not([type=hidden]), select, textarea")?.focus();
});

document.body.addEventListener("recordChanged", (event) => {
  const detail = (event as CustomEvent).detail as { field?: string } | undefined;
  void refreshRecord(detail?.field ?? "");
});

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  if (event.key !== "e" || event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.keys === "off" || isTyping(target) || document.querySelector("dialog[open]")) return;
  document.querySelector<HTMLElement>(".rh [aria-keyshortcuts=E]")?.click();
});

// An address such as …/edit#f-phones opens the form at that field.
if (location.hash.startsWith("#f-")) byId(location.hash.slice(1))?.focus();
