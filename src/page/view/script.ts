/**
 * What makes the page live; it is whole without. Fetches itself every 5 s and changes only what is different, so that
 * focus, selection and what somebody opened stay. Kept as text: no build step may touch what a browser runs.
 */
export const script = `
"use strict";
(() => {
  const everyMs = 5000;
  const status = document.getElementById("status");
  const lost = document.getElementById("lost");
  const pause = document.getElementById("pause");
  const told = document.getElementById("live");
  let paused = false;
  let timer;
  let answered = document.getElementById("at").textContent;

  const morph = (old, now) => {
    if (old.nodeType !== now.nodeType || old.nodeName !== now.nodeName) return old.replaceWith(now.cloneNode(true));
    if (old.nodeType !== 1) {
      if (old.data !== now.data) old.data = now.data;
      return;
    }
    // What the script itself says is not the server's.
    if ("keep" in old.dataset) return;
    for (const { name } of [...old.attributes]) {
      if (!now.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
    for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    const wanted = [...now.childNodes];
    const kept = [...old.childNodes];
    kept.slice(wanted.length).forEach((node) => node.remove());
    wanted.forEach((node, at) => (at < kept.length ? morph(kept[at], node) : old.append(node.cloneNode(true))));
  };

  const show = (text) => {
    const now = new DOMParser().parseFromString(text, "text/html").getElementById("status");
    if (now === null) throw new Error("not a status");
    if (now.dataset.version !== status.dataset.version) return location.reload();
    morph(status, now);
    document.title = status.dataset.title;
    const icon = document.querySelector("link[rel=icon]");
    if (icon.getAttribute("href") !== status.dataset.icon) icon.setAttribute("href", status.dataset.icon);
    answered = document.getElementById("at").textContent;
  };

  const look = async () => {
    try {
      const answer = await fetch("./-/status.html", { cache: "no-store", signal: AbortSignal.timeout(everyMs) });
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.text());
      lost.hidden = true;
      document.body.classList.remove("old");
    } catch {
      lost.textContent = "The program has not answered since " + answered + ". What is shown is old; trying again.";
      lost.hidden = false;
      document.body.classList.add("old");
    }
    wait();
  };
  const wait = () => {
    clearTimeout(timer);
    if (!paused && !document.hidden) timer = setTimeout(look, everyMs);
  };

  const hair = document.getElementById("hair");
  const readout = document.getElementById("readout");
  const point = ({ target, clientX }) => {
    const svg = target instanceof Element ? target.closest(".plot svg") : null;
    const box = svg?.getBoundingClientRect();
    const places = svg?.dataset.told.split("|") ?? [];
    const share = (clientX - box?.left) / box?.width;
    const at = Math.min(places.length - 1, Math.max(0, Math.floor(share * places.length)));
    hair.hidden = readout.hidden = !places[at];
    if (readout.hidden) return;
    const names = svg.dataset.names.split(";");
    const [time, ...values] = places[at].split(";");
    readout.textContent = [time + " UTC", ...values.map((value, nth) => names[nth] + " " + value)].join("\\n");
    const x = box.left + ((at + 0.5) / places.length) * box.width;
    Object.assign(hair.style, { left: x + "px", top: box.top + "px", height: box.height + "px" });
    const left = x + 12 + readout.offsetWidth > innerWidth ? x - 12 - readout.offsetWidth : x + 12;
    Object.assign(readout.style, { left: Math.max(4, left) + "px", top: box.top + 8 + "px" });
  };
  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  document.addEventListener("scroll", () => (hair.hidden = readout.hidden = true), { passive: true });

  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Resume" : "Pause";
    told.textContent = paused ? "Paused" : "Live, every 5 s";
    if (paused) clearTimeout(timer);
    else look();
  });
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden && !paused) look();
  });
  told.textContent = "Live, every 5 s";
  pause.hidden = false;
  wait();
})();
`;
