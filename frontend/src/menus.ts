/* Menus are <details data-menu>: they work without script; here they close by themselves and take arrow keys. */

const menus = () => document.querySelectorAll<HTMLDetailsElement>("details[data-menu][open]");

document.addEventListener(
  "toggle",
  (event) => {
    const opened = event.target as HTMLDetailsElement;
    if (!opened.matches?.("details[data-menu]") || !opened.open) return;
    menus().forEach((one) => one !== opened && (one.open = false));
  },
  true,
);

document.addEventListener("click", (event) => {
  menus().forEach((one) => {
    if (!one.contains(event.target as Node)) one.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  const open = (event.target as Element).closest?.<HTMLDetailsElement>("details[data-menu][open]");
  if (!open) return;
  if (event.key === "Escape") {
    open.open = false;
    open.querySelector("summary")?.focus();
    event.stopPropagation();
    return;
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const items = [...open.querySelectorAll<HTMLElement>("a.mi, button.mi")];
  if (!items.length || (event.target as Element).matches("textarea, input:not([type=checkbox])")) return;
  event.preventDefault();
  const at = items.indexOf(document.activeElement as HTMLElement);
  const step = event.key === "ArrowDown" ? 1 : -1;
  items[(at + step + items.length) % items.length]?.focus();
});
