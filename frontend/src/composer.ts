/* The composer: tabs, opening in place, a draft that opens its tab, files dropped onto it. */
import { forget } from "./drafts";


const forms = (root: ParentNode) => root.querySelectorAll<HTMLFormElement>("form[data-pane]");
const composerOf = (el: Element) => el.closest<HTMLElement>("[data-composer]");

function dress(root: ParentNode): void {
  for (const form of forms(root)) {
    const main = mainOf(form);
    const words = form.querySelector<HTMLElement>(".cp-main")?.dataset.placeholder;
    if (main && words) main.placeholder = words;
    for (const box of form.querySelectorAll<HTMLElement>(".cp-then [data-placeholder]")) {
      const input = box.querySelector<HTMLInputElement>("input[type=text]");
      if (input) input.placeholder = box.dataset.placeholder ?? "";
    }
  }
}

const mainOf = (form: HTMLFormElement) => form.querySelector<HTMLTextAreaElement | HTMLInputElement>(".cp-main textarea, .cp-main input:not([type=hidden])");

export function showTab(composer: HTMLElement, key: string, focus = true): void {
  for (const tab of composer.querySelectorAll<HTMLElement>("[role=tab]")) {
    const on = tab.dataset.tab === key;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
  }
  for (const form of forms(composer)) {
    form.hidden = form.dataset.pane !== key;
    if (!form.hidden && focus) {
      form.classList.add("is-open");
      mainOf(form)?.focus();
    }
  }
}

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const tab = target.closest<HTMLElement>("[data-tab]");
  const composer = tab && composerOf(tab);
  if (composer) showTab(composer, tab.dataset.tab ?? "");
  const opener = target.closest<HTMLElement>("[data-compose]");
  const near = document.querySelector<HTMLElement>("[data-composer]");
  if (opener && near) {
    near.scrollIntoView({ block: "nearest" });
    showTab(near, opener.dataset.compose ?? "");
  }
});

document.addEventListener("keydown", (event) => {
  const tab = (event.target as HTMLElement).closest?.<HTMLElement>("[data-composer] [role=tab]");
  if (tab && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
    const all = [...(tab.parentElement?.querySelectorAll<HTMLElement>("[role=tab]") ?? [])];
    const at = all.indexOf(tab);
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key] ?? at;
    const wanted = all[(next + all.length) % all.length];
    const composer = composerOf(tab);
    if (wanted && composer) {
      event.preventDefault();
      showTab(composer, wanted.dataset.tab ?? "", false);
      wanted.focus();
    }
  }
  if (event.key === "Escape") {
    const form = (event.target as HTMLElement).closest?.<HTMLFormElement>("form[data-pane]");
    if (form) {
      form.classList.remove("is-open");
      (event.target as HTMLElement).blur();
    }
  }
});

document.addEventListener("focusin", (event) => {
  (event.target as HTMLElement).closest<HTMLFormElement>("form[data-pane]")?.classList.add("is-open");
});

// ---- drafts (drafts.ts keeps them) ----

document.addEventListener("draft:restored", (event) => {
  const form = event.target as HTMLFormElement;
  const composer = form.dataset.pane && composerOf(form);
  if (!composer || !mainOf(form)?.value) return;
  showTab(composer, form.dataset.pane ?? "", false);
  form.classList.add("is-open");
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr } = (event as CustomEvent).detail as { elt: HTMLElement; xhr: XMLHttpRequest };
  if (!(elt instanceof HTMLFormElement) || !elt.dataset.pane || xhr.status !== 204) return;
  elt.reset();
  for (const input of elt.querySelectorAll<HTMLInputElement>(".cp-main .bare, [type=text]")) input.value = input.defaultValue;
  forget(elt);
  nameFile(elt);
  elt.classList.remove("is-open");
  (document.activeElement as HTMLElement | null)?.blur();
});

// ---- files ----

const words = new WeakMap<HTMLElement, string>();

function nameFile(form: HTMLFormElement): void {
  const input = form.querySelector<HTMLInputElement>(".cp-file input[type=file]");
  const label = form.querySelector<HTMLElement>("[data-file-name]");
  if (!input || !label) return;
  if (!words.has(label)) words.set(label, label.textContent ?? "");
  label.textContent = [...(input.files ?? [])].map((one) => one.name).join(", ") || (words.get(label) ?? "");
}

document.addEventListener("change", (event) => {
  const form = (event.target as HTMLElement).closest<HTMLFormElement>("form[data-pane]");
  if (form) nameFile(form);
});

/** Put files onto the open form: as many as it takes, or one that it is about to say something to; false when it takes none. */
export function takeFiles(composer: HTMLElement, files: File[]): boolean {
  const form = [...forms(composer)].find((one) => !one.hidden && one.querySelector("input[type=file]"));
  const input = form?.querySelector<HTMLInputElement>("input[type=file]");
  if (!form || !input || (!input.multiple && (files.length !== 1 || !mainOf(form)?.value.trim()))) return false;
  const all = new DataTransfer();
  for (const one of [...(input.multiple ? (input.files ?? []) : []), ...files]) all.items.add(one);
  input.files = all.files;
  showTab(composer, form.dataset.pane ?? "");
  nameFile(form);
  return true;
}

document.addEventListener("htmx:load", (event) => dress((event.target as HTMLElement).parentElement ?? document));
dress(document);
