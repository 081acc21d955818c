/** The help centre: articles are suggested while one types, and what was looked for and opened is counted, never who did it. */

const noteAt = document.body.dataset.note ?? "";

function note(values: Record<string, string>): void {
  if (noteAt) navigator.sendBeacon(noteAt, new URLSearchParams(values));
}

function suggesting(form: HTMLFormElement): void {
  const field = form.querySelector<HTMLInputElement>("input[type=search]");
  const list = form.querySelector<HTMLElement>(".hc-hits");
  const told = form.querySelector<HTMLElement>("[role=status]");
  const from = form.dataset.suggest;
  if (!field || !list || !told || !from) return;
  let waiting = 0;
  let asked = "";
  const close = (): void => {
    list.hidden = true;
  };
  const ask = async (): Promise<void> => {
    const words = field.value.trim();
    if (words === asked) return;
    asked = words;
    if (words.length < 2) return close();
    const answer = await fetch(`${from}?q=${encodeURIComponent(words)}`).catch(() => null);
    if (!answer?.ok || field.value.trim() !== words) return;
    list.innerHTML = await answer.text();
    const found = list.querySelector<HTMLElement>("ul");
    list.hidden = !found;
    told.textContent = found?.dataset.told ?? "";
  };
  field.addEventListener("input", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => void ask(), 150);
  });
  form.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll<HTMLAnchorElement>("a")];
    if (event.key === "Escape" && !list.hidden) {
      close();
      field.focus();
      event.preventDefault();
    }
    if (list.hidden || !links.length || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    const at = links.indexOf(document.activeElement as HTMLAnchorElement) + (event.key === "ArrowDown" ? 1 : -1);
    (at < 0 ? field : links[Math.min(at, links.length - 1)])?.focus();
    event.preventDefault();
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget as Node | null)) close();
  });
  list.addEventListener("click", (event) => {
    if ((event.target as Element).closest("a")) note({ kind: "open", q: asked });
  });
}

document.querySelectorAll<HTMLFormElement>("form[data-suggest]").forEach(suggesting);

const results = document.querySelector<HTMLElement>("[data-asked]");
if (results?.dataset.asked) {
  const q = results.dataset.asked;
  note({ kind: "search", q });
  results.addEventListener("click", (event) => {
    if ((event.target as Element).closest("li a")) note({ kind: "open", q });
  });
}
const slug = document.querySelector<HTMLElement>("article[data-slug]")?.dataset.slug;
if (slug) note({ kind: "view", slug });

/** A booking page shows its times in the zone of the browser, which may be changed by hand. */
function inOwnZone(form: HTMLFormElement): void {
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const choice = form.querySelector<HTMLSelectElement>("select[name=tz]");
  if (!mine || !choice || choice.value === mine) return;
  const there = [...choice.options].some((one) => one.value === mine);
  if (!there) return;
  choice.value = mine;
  const values = new FormData(form);
  values.delete("from");
  location.replace(`${form.action}?${new URLSearchParams(values as unknown as Record<string, string>)}`);
}

const asked = document.querySelector<HTMLFormElement>("form[data-zone]");
if (asked) inOwnZone(asked);
