import tailwindcss from "@tailwindcss/vite";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

import { sprite } from "./icons.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The icon sprite joins the build as an asset whose manifest key is `icons.svg`. */
const icons = {
  name: "rapport-icons",
  generateBundle() {
    const source = sprite();
    this.emitFile({ type: "asset", name: "icons.svg", originalFileName: "icons.svg", source });
  },
};

export default defineConfig({
  base: "/static/build/",
  plugins: [tailwindcss(), icons],
  build: {
    outDir: here("../rapport/surfaces/web/static/build"),
    emptyOutDir: true,
    manifest: "manifest.json",
    // A file folded into the page as a data: address would be refused by the content security policy.
    assetsInlineLimit: 0,
    // The polyfill is an inline script, which the policy refuses; every browser we serve has module preload.
    modulePreload: { polyfill: false },
    rollupOptions: { input: [here("src/app.ts"), here("src/app.css"), here("src/help.ts"), here("src/help.css"), here("src/portal.ts"), here("src/portal.css"), here("src/chat.ts"), here("src/chat.css")] },
  },
});
