/* The chat of this company: a button, and behind it a frame from its server. Reads and sends nothing of the page before one writes. */
(() => {
  const words = {{ words | safe }};
  if (window.rapportChat) return;
  if (!words.sites.includes(location.origin)) {
    console.warn(`Chat: ${location.origin} is not among the sites of this chat; add it under “may stand on”.`);
    return;
  }
  window.rapportChat = true;
  const kept = `rapport-chat-${words.key}`;
  const remember = (is) => { try { is ? sessionStorage.setItem(kept, "1") : sessionStorage.removeItem(kept); } catch { /* it opens by hand */ } };
  const wasOpen = (() => { try { return sessionStorage.getItem(kept) === "1"; } catch { return false; } })();
  const who = document.currentScript?.dataset.who ?? "";

  const start = () => {
    const host = document.createElement("div");
    const root = host.attachShadow({ mode: "open" });
    const button = document.createElement("button");
    const dot = document.createElement("span");
    const near = words.side === "left" ? "left" : "right";
    const set = (element, styles) => Object.assign(element.style, styles);
    set(host, { position: "fixed", zIndex: "2147483000", bottom: "0", [near]: "0" });
    set(button, { position: "fixed", bottom: "20px", [near]: "20px", minWidth: "56px", height: "56px", padding: words.label ? "0 22px" : "0", border: "0", borderRadius: "28px", background: words.color, color: "#fff", font: "600 16px/1 system-ui, sans-serif", cursor: "pointer", boxShadow: "0 4px 16px rgba(0,0,0,.24)" });
    set(dot, { position: "absolute", top: "0", right: "0", width: "14px", height: "14px", borderRadius: "7px", background: "#d92d20", border: "2px solid #fff", display: "none" });
    const space = "http://www.w3.org/2000/svg";
    const draw = (d) => {
      const svg = document.createElementNS(space, "svg");
      const path = document.createElementNS(space, "path");
      for (const [key, value] of Object.entries({ width: "26", height: "26", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "2", "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" })) svg.setAttribute(key, value);
      path.setAttribute("d", d);
      svg.append(path);
      set(svg, { verticalAlign: "middle" });
      return svg;
    };
    const closed = () => (words.label ? document.createTextNode(words.label) : draw("M21 12a8 8 0 0 1-11.5 7.2L3 21l1.8-6.5A8 8 0 1 1 21 12Z"));
    let frame = null;
    let isOpen = false;
    const show = (open) => {
      isOpen = open;
      remember(open);
      if (open && !frame) {
        frame = document.createElement("iframe");
        frame.title = words.title;
        const about = new URLSearchParams({ page: location.href.split("#")[0], page_title: document.title, referrer: document.referrer, campaign: new URLSearchParams(location.search).get("utm_campaign") ?? "" });
        frame.src = `${words.frame}${who ? `?who=${encodeURIComponent(who)}` : ""}#${about}`;
        set(frame, { position: "fixed", bottom: "88px", [near]: "20px", width: "min(380px, calc(100vw - 40px))", height: "min(600px, calc(100vh - 108px))", border: "0", borderRadius: "14px", boxShadow: "0 12px 40px rgba(0,0,0,.28)", background: "transparent", colorScheme: "normal" });
        root.append(frame);
      }
      if (frame) {
        frame.style.display = open ? "block" : "none";
        frame.contentWindow?.postMessage({ rapportChat: open ? "opened" : "closed" }, words.base);
        if (open) frame.focus();
      }
      if (open) dot.style.display = "none";
      button.replaceChildren(open ? draw("M6 6l12 12M18 6L6 18") : closed(), dot);
      button.setAttribute("aria-expanded", String(open));
      button.setAttribute("aria-label", open ? words.close : words.open);
    };
    button.type = "button";
    button.addEventListener("click", () => show(!isOpen));
    window.addEventListener("message", (event) => {
      if (!frame || event.source !== frame.contentWindow || event.origin !== words.base) return;
      // For browsers that keep nothing for a frame of another site: kept here, in the tab, for the frame alone.
      try {
        if (event.data?.rapportChat === "keep") sessionStorage.setItem(`${kept}-secret`, String(event.data.secret));
        if (event.data?.rapportChat === "recall") {
          const secret = sessionStorage.getItem(`${kept}-secret`);
          if (secret) frame.contentWindow.postMessage({ rapportChat: "recalled", secret }, words.base);
        }
      } catch { /* then it lasts as long as the page */ }
      if (event.data?.rapportChat === "close") { show(false); button.focus(); }
      if (event.data?.rapportChat === "news" && !isOpen) { dot.style.display = "block"; button.setAttribute("aria-label", `${words.open} (${words.news})`); }
    });
    root.append(button);
    document.body.append(host);
    show(wasOpen);
  };
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
