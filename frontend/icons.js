/* Build one SVG sprite from lucide-static with the icons named in icons.txt: <symbol id="NAME" viewBox="0 0 24 24">. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Names in icons.txt, one a line; `#` starts a comment. */
export function iconNames() {
  const lines = readFileSync(here("icons.txt"), "utf8").split("\n");
  return [...new Set(lines.map((line) => line.replace(/#.*/, "").trim()).filter(Boolean))].sort();
}

/** The sprite; a name that lucide does not have stops the build. */
export function sprite() {
  const missing = [];
  const symbols = iconNames().map((name) => {
    const file = here(`node_modules/lucide-static/icons/${name}.svg`);
    if (!existsSync(file)) {
      missing.push(name);
      return "";
    }
    const svg = readFileSync(file, "utf8");
    const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replace(/\s*\n\s*/g, "")}</symbol>`;
  });
  if (missing.length) throw new Error(`icons.txt names icons that lucide does not have: ${missing.join(", ")}`);
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("\n")}</svg>\n`;
}
