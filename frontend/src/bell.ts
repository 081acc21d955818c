/* The bell keeps itself up to date: asked for every minute while the page is in sight and its menu is closed. Nothing new is
   a 304 and changes nothing. */
import htmx from "htmx.org";

const EVERY = 60_000;

async function ask(): Promise<void> {
  const bell = document.getElementById("bell") as HTMLDetailsElement | null;
  if (!bell || document.visibilityState !== "visible" || bell.open) return;
  try {
    const answer = await fetch("/bell", {
      headers: { "HX-Request": "true", "If-None-Match": bell.dataset.mark ?? "" },
      cache: "no-store",
    });
    if (answer.status !== 200 || answer.redirected) return;
    const text = await answer.text();
    const now = document.getElementById("bell") as HTMLDetailsElement | null;
    if (!now || now.open) return;
    const had = now.contains(document.activeElement);
    now.outerHTML = text;
    const fresh = document.getElementById("bell");
    if (fresh) htmx.process(fresh);
    if (had) fresh?.querySelector<HTMLElement>("summary")?.focus();
  } catch {
    // Without a network the next minute asks again.
  }
}

window.setInterval(() => void ask(), EVERY);
document.addEventListener("visibilitychange", () => void ask());
for (const event of ["refreshBell", "recordChanged"]) document.body.addEventListener(event, () => void ask());
