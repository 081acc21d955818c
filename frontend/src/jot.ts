/* Write it down: the line is read by the server as it is typed; here only what the server cannot know: which fields the
   person changed themselves, and the coloured lines staying under the words. */
import htmx from "htmx.org";

const formOf = (el: EventTarget | null) => (el as Element | null)?.closest?.<HTMLFormElement>("form[data-jot]") ?? null;

function touch(form: HTMLFormElement, name: string): void {
  const touched = form.querySelector<HTMLInputElement>("[data-jot-touched]");
  const key = name.split("__")[0];
  if (!touched || !key.includes("-") || /-(on|use)$/.test(key)) return;
  touched.value = [...new Set([...touched.value.split(","), key])].filter(Boolean).join(",");
}

document.addEventListener("input", (event) => {
  const target = event.target as HTMLInputElement;
  const form = formOf(target);
  if (!form) return;
  if (target.id === "jot-text") form.querySelector("#jot-marks")?.classList.add("is-stale");
  else touch(form, target.name);
});

document.addEventListener("change", (event) => {
  const target = event.target as HTMLInputElement;
  const form = formOf(target);
  if (!form || target.id === "jot-text") return;
  touch(form, target.name);
  if ("jotReread" in target.dataset) htmx.trigger(form.querySelector("#jot-text")!, "jot:reread", {});
});

document.addEventListener("click", (event) => {
  const sample = (event.target as Element).closest<HTMLElement>("[data-jot-try]");
  const text = formOf(sample)?.querySelector<HTMLTextAreaElement>("#jot-text");
  if (!sample || !text) return;
  text.value = sample.textContent?.trim() ?? "";
  text.focus();
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

document.addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  // A line ends with Enter; Shift+Enter makes a second one.
  if (target.id !== "jot-text" || event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.isComposing) return;
  event.preventDefault();
  const form = formOf(target);
  form?.querySelector<HTMLElement>("#jot-cards input:not([type=hidden]), #jot-cards select")?.focus();
});
