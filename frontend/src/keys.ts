/* Shortcuts. Single keys work outside of fields only; they can be turned off (WCAG 2.1.4) by data-keys="off" on <body>. */
import { closeDialogs, openDialog } from "./dialogs";
import { isTyping } from "./live";
import { openPalette } from "./palette";

const GO: Record<string, string> = { h: "house", c: "users", s: "circle-dollar-sign", o: "package", m: "megaphone", v: "life-buoy", i: "chart" };
let waitsForPlace = 0;

function rows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("[data-row]")];
}

function step(by: number): void {
  const all = rows();
  if (!all.length) return;
  const focused = all.findIndex((one) => one.contains(document.activeElement));
  // Beside a page that is one of them (the queue of tickets), the next one is next to it.
  const at = focused < 0 ? all.findIndex((one) => one.querySelector("[aria-current]")) : focused;
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
  next.querySelector<HTMLElement>("a")?.focus();
  next.scrollIntoView({ block: "nearest" });
}

function go(key: string): boolean {
  const icon = GO[key];
  if (!icon) return false;
  const link = [...document.querySelectorAll<HTMLAnchorElement>(".nav-list > li > a")].find((one) =>
    one.querySelector("use")?.getAttribute("href")?.includes(`#${icon}`),
  );
  if (link) window.location.assign(link.href);
  return !!link;
}

const SINGLE: Record<string, () => void> = {
  "/": () => {
    const box = document.querySelector<HTMLElement>("[data-list-search]");
    if (box) box.focus();
    else openPalette();
  },
  "?": () => openDialog("/settings/shortcuts"),
  c: () => document.querySelector<HTMLElement>("summary[aria-keyshortcuts=C]")?.click(),
  f: () => document.querySelector<HTMLElement>("[aria-keyshortcuts=F]")?.click(),
  g: () => (waitsForPlace = Date.now()),
  j: () => {
    const next = document.querySelector<HTMLElement>("[data-next-pair]");
    if (next) next.click();
    else step(1);
  },
  k: () => step(-1),
  n: () => document.querySelector("#dialog") && openDialog("/quick-add"),
  x: () => document.activeElement?.closest("[data-row]")?.querySelector<HTMLInputElement>(".tick")?.click(),
};

document.addEventListener("keydown", (event) => {
  const withControl = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (withControl && key === "k") {
    event.preventDefault();
    closeDialogs();
    openPalette();
    return;
  }
  if (withControl && key === "Enter") {
    const form = (event.target as Element).closest?.("form");
    if (form && form.method === "post") {
      event.preventDefault();
      // As its main button does: a button may say by its value that this is meant.
      const main = form.querySelector<HTMLButtonElement>("button.pri[type=submit]:not([disabled])");
      if (main) main.click();
      else form.requestSubmit();
    }
    return;
  }
  if (isTyping(event.target)) return;
  if (withControl && key === "z") {
    const last = [...document.querySelectorAll<HTMLFormElement>("#toasts form")].pop();
    if (last) {
      event.preventDefault();
      last.requestSubmit();
    }
    return;
  }
  if (withControl || event.altKey || document.body.dataset.keys === "off" || document.querySelector("dialog[open]")) return;
  if (waitsForPlace && Date.now() - waitsForPlace < 1500) {
    waitsForPlace = 0;
    if (go(key)) event.preventDefault();
    return;
  }
  const action = SINGLE[key];
  if (action) {
    event.preventDefault();
    action();
  }
});
