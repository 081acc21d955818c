/** The portal: while somebody writes a ticket, articles that may answer it are shown; on a phone the page one is on is in sight. */

function fitting(form: HTMLFormElement): void {
  const list = document.querySelector<HTMLElement>("#fitting");
  const told = document.querySelector<HTMLElement>("#fitting-told");
  const from = form.dataset.fitting;
  if (!list || !told || !from) return;
  let waiting = 0;
  let asked = "";
  const words = (): string =>
    [...form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input[name=subject], textarea[name=body]")]
      .map((field) => field.value.trim())
      .join(" ")
      .trim()
      .slice(0, 1000);
  const ask = async (): Promise<void> => {
    const now = words();
    if (now === asked || now.length < 3) return;
    asked = now;
    const answer = await fetch(`${from}?q=${encodeURIComponent(now)}`).catch(() => null);
    if (!answer?.ok || answer.redirected || words() !== now) return;
    list.innerHTML = await answer.text();
    const found = list.querySelector<HTMLElement>("[data-told]");
    list.hidden = !found;
    told.textContent = found?.dataset.told ?? "";
  };
  form.addEventListener("input", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => void ask(), 250);
  });
}

document.querySelectorAll<HTMLFormElement>("form[data-fitting]").forEach(fitting);
document.querySelector(".po-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
