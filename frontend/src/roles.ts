/* The permission table: shows what was changed and how much, before it is saved. */

function mark(select: HTMLSelectElement): void {
  const cell = select.closest<HTMLElement>(".sc");
  if (!cell) return;
  cell.className = `sc is-${select.value}`;
  cell.classList.toggle("chg", select.value !== select.dataset.was);
}

function tell(form: HTMLFormElement): void {
  const bar = form.querySelector<HTMLElement>("[data-savebar]");
  const text = bar?.querySelector<HTMLElement>("[data-changed]");
  if (!bar || !text) return;
  const changed = [...form.querySelectorAll<HTMLSelectElement>("select[data-was]")].filter((s) => s.value !== s.dataset.was);
  bar.hidden = changed.length === 0;
  text.textContent = changed.length === 1 ? text.dataset.one! : text.dataset.many!.replace("#", String(changed.length));
}

function begin(form: HTMLFormElement): void {
  tell(form);
  form.addEventListener("change", (event) => {
    const select = event.target as HTMLSelectElement;
    if (!select.matches("select[data-was]")) return;
    // A field group stands beside every type that has it, and is one choice.
    form.querySelectorAll<HTMLSelectElement>(`select[name="${CSS.escape(select.name)}"]`).forEach((twin) => {
      twin.value = select.value;
      mark(twin);
    });
    tell(form);
  });
  form.addEventListener("reset", () =>
    setTimeout(() => {
      form.querySelectorAll<HTMLSelectElement>("select[data-was]").forEach(mark);
      tell(form);
    }),
  );
}

document.querySelectorAll<HTMLFormElement>("form[data-matrix]").forEach(begin);
document.addEventListener("htmx:load", (event) => {
  (event.target as HTMLElement).querySelectorAll<HTMLFormElement>("form[data-matrix]").forEach(begin);
});
