/* Saying things to people who listen instead of look, and small questions every island asks. */

/** Announce politely, such as "86 customers". */
export function announce(text: string): void {
  const place = document.getElementById("live");
  if (place) place.textContent = text;
}

/** Whether the keyboard belongs to a field right now. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return !!element?.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");
}

/** The token that every POST carries. */
export function csrfToken(): string {
  return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"] ?? "";
}

/** An icon from the sprite that the page already uses. */
export function icon(name: string, className = "i"): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const sprite = document.querySelector("use")?.getAttribute("href")?.split("#")[0] ?? "";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}
