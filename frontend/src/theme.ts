/* Light, dark or system: changed at once, kept in a cookie that the server reads before it paints. */

const YEAR = 365 * 24 * 3600;

document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLButtonElement>("[data-theme-choice]");
  const theme = button?.dataset.themeChoice;
  if (!button || !theme) return;
  event.preventDefault();
  const secure = window.location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  document.querySelectorAll<HTMLElement>("[data-theme-choice]").forEach((one) => {
    one.setAttribute("aria-pressed", String(one.dataset.themeChoice === theme));
  });
});

// Set-up guesses the time zone; the person sees and may change it.
const zone = document.querySelector<HTMLSelectElement>("[data-guess-zone] select[name=time_zone]");
if (zone && zone.value === "UTC") {
  const guess = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...zone.options].some((one) => one.value === guess)) zone.value = guess;
}

document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
  const source = button && document.getElementById(button.dataset.copy ?? "");
  if (source) void navigator.clipboard?.writeText(source.textContent ?? "");
});
