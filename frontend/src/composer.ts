/* The composer: tabs, opening in place, drafts per record and tab, files dropped onto it. */

const forms = (root: ParentNode) => root.querySelectorAll<HTMLFormElement>("form[data-pane]");
const composerOf = (el: Element) => el.closest<HTMLElement>("[data-composer]");
const keyOf = (form: HTMLFormElement) => `rapport-note:${composerOf(form)?.dataset.composer}:${form.dataset.pane}`;

function dress(root: ParentNode): void {
  for (const form of forms(root)) {
    const main = mainOf(form);
    const words = form.querySelector<HTMLElement>(".cp-main")?.dataset.placeholder;
    if (main && words) main.placeholder = words;
    for (const box of form.querySelectorAll<HTMLElement>(".cp-then [data-placeholder]")) {
      const input = box.querySelector<HTMLInputElement>("input[type=text]");
      if (input) input.placeholder = box.dataset.placeholder ?? "";
    }
    if (!form.dataset.dressed) restore(form);
    form.dataset.dressed = "1";
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

// ---- drafts ----

document.addEventListener("input", (event) => {
  const form = (event.target as HTMLElement).closest<HTMLFormElement>("form[data-pane]");
  if (!form) return;
  const typed = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken" && name !== "tab");
  const has = Boolean(mainOf(form)?.value.trim());
  if (has) localStorage.setItem(keyOf(form), JSON.stringify(typed));
  else localStorage.removeItem(keyOf(form));
  form.querySelector<HTMLElement>("[data-draft-note]")?.toggleAttribute("hidden", !has);
});

function restore(form: HTMLFormElement): void {
  const kept = localStorage.getItem(keyOf(form));
  if (!kept || "open" in form.dataset) return;
  for (const [name, value] of JSON.parse(kept) as [string, string][]) {
    const input = form.querySelector<HTMLInputElement>(`[name="${CSS.escape(name)}"]:not([type=file]):not([type=radio]):not([type=checkbox])`);
    if (input && value) input.value = value;
  }
  form.querySelector<HTMLElement>("[data-draft-note]")?.removeAttribute("hidden");
  const composer = composerOf(form);
  if (composer && mainOf(form)?.value) {
    showTab(composer, form.dataset.pane ?? "", false);
    form.classList.add("is-open");
  }
}

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr } = (event as CustomEvent).detail as { elt: HTMLElement; xhr: XMLHttpRequest };
  if (!(elt instanceof HTMLFormElement) || !elt.dataset.pane || xhr.status !== 204) return;
  localStorage.removeItem(keyOf(elt));
  elt.reset();
  for (const input of elt.querySelectorAll<HTMLInputElement>(".cp-main .bare, [type=text]")) input.value = input.defaultValue;
  elt.querySelector<HTMLElement>("[data-draft-note]")?.setAttribute("hidden", "");
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
  label.textContent = input.files?.[0]?.name ?? words.get(label) ?? "";
}

document.addEventListener("change", (event) => {
  const form = (event.target as HTMLElement).closest<HTMLFormElement>("form[data-pane]");
  if (form) nameFile(form);
});

/** Put one file onto the open form, which is about to say something to it; false when none is being written. */
export function takeFile(composer: HTMLElement, file: File): boolean {
  const form = [...forms(composer)].find((one) => !one.hidden && one.querySelector("input[type=file]"));
  const input = form?.querySelector<HTMLInputElement>("input[type=file]");
  if (!form || !input || !mainOf(form)?.value.trim()) return false;
  const one = new DataTransfer();
  one.items.add(file);
  input.files = one.files;
  showTab(composer, form.dataset.pane ?? "");
  nameFile(form);
  return true;
}

document.addEventListener("htmx:load", (event) => dress((event.target as HTMLElement).parentElement ?? document));
dress(document);
