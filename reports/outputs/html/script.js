"use strict";
(() => {
  const FEW_ROWS = 12;
  const make = (name, kind, text) => {
    const element = document.createElement(name);
    if (kind) element.className = kind;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // The colours: as the system has them, or as somebody chose.
  const THEMES = { auto: "System", light: "Light", dark: "Dark" };
  const remember = (theme) => {
    try {
      localStorage.setItem("footfall-theme", theme);
    } catch {
      // A page that may store nothing forgets.
    }
  };
  const remembered = () => {
    try {
      return localStorage.getItem("footfall-theme");
    } catch {
      return null;
    }
  };
  const root = document.documentElement;
  const button = make("button", "theme");
  const show = (theme) => {
    root.dataset.theme = theme;
    button.textContent = `◐ ${THEMES[theme]}`;
    button.setAttribute("aria-label", `Colours: ${THEMES[theme]}`);
  };
  button.type = "button";
  button.addEventListener("click", () => {
    const names = Object.keys(THEMES);
    const next = names[(names.indexOf(root.dataset.theme) + 1) % names.length];
    show(next);
    remember(next);
  });
  const first = remembered();
  show(first in THEMES ? first : "auto");
  document.querySelector("header").append(button);

  // Tables: sorted by a click on a head, filtered by what is typed, long ones shown in part until asked for.
  const collator = new Intl.Collator(undefined, { numeric: true });
  const keyOf = (cell) => cell.dataset.v ?? cell.textContent;
  const numberOf = (cell) => {
    const key = cell.dataset.v ?? cell.textContent.replace(/[^0-9.-]/g, "");
    return key === "" ? NaN : Number(key);
  };
  const compared = (isNumber, sign) => (a, b) => {
    if (!isNumber) return sign * collator.compare(a.key, b.key) || a.place - b.place;
    // What has no value comes last, whichever way the others go.
    if (Number.isNaN(a.key) || Number.isNaN(b.key)) return Number.isNaN(a.key) - Number.isNaN(b.key) || a.place - b.place;
    return sign * (a.key - b.key) || a.place - b.place;
  };

  const drawBars = (table, column) => {
    const values = [...table.tBodies[0].rows].map((row) => numberOf(row.cells[column]) || 0);
    const longest = Math.max(...values);
    [...table.tBodies[0].rows].forEach((row, place) => {
      const percent = values[place] > 0 ? Math.max(1, Math.round((100 * values[place]) / longest)) : 0;
      const bare = row.cells[0].className.replace(/\bw\d+\b/, "").trim();
      row.cells[0].className = percent ? `${bare} w${percent}`.trim() : bare;
    });
    const head = table.tHead.rows[0].cells[column].querySelector("button");
    table.caption.querySelector(".bar-note").textContent = `Bars show ${head.textContent}`;
  };

  const sortable = (table, changed) => {
    const heads = [...table.tHead.rows[0].cells];
    const original = new Map([...table.tBodies[0].rows].map((row, place) => [row, place]));
    const sort = (column) => {
      const head = heads[column];
      const isNumber = head.classList.contains("n");
      const before = head.getAttribute("aria-sort");
      const direction = before ? (before === "ascending" ? "descending" : "ascending") : isNumber ? "descending" : "ascending";
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", direction);
      const rows = [...original].map(([row, place]) => {
        const cell = row.cells[column];
        return { row, place, key: isNumber ? numberOf(cell) : keyOf(cell) };
      });
      rows.sort(compared(isNumber, direction === "ascending" ? 1 : -1));
      table.tBodies[0].append(...rows.map(({ row }) => row));
      if (isNumber && column > 0 && table.classList.contains("with-bars")) drawBars(table, column);
      changed();
    };
    heads.forEach((head, column) => {
      const control = make("button", "", head.textContent);
      control.type = "button";
      control.addEventListener("click", () => sort(column));
      head.replaceChildren(control);
    });
  };

  const foldable = (table) => {
    const region = table.closest(".scroll");
    const count = table.tBodies[0].rows.length;
    const name = table.closest("section").querySelector(".eyebrow").textContent;
    if (count <= FEW_ROWS + 3) return () => {};

    const filter = make("input");
    filter.type = "search";
    filter.placeholder = "Filter rows";
    filter.setAttribute("aria-label", `Filter rows of ${name}`);
    if (table.classList.contains("rows")) {
      const tools = make("div", "tools");
      tools.append(filter);
      region.before(tools);
    }

    const rest = make("div", "rest");
    const all = make("button", "", "Show all");
    const told = make("span");
    let isWhole = false;
    all.type = "button";
    all.setAttribute("aria-expanded", "false");
    told.setAttribute("role", "status");
    rest.append(told, all);
    region.after(rest);

    const update = () => {
      const wanted = filter.value.trim().toLowerCase();
      let fitting = 0;
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        const fits = !wanted || row.textContent.toLowerCase().includes(wanted);
        row.hidden = !fits || (!isWhole && fitting >= FEW_ROWS);
        fitting += fits;
        shown += !row.hidden;
      }
      told.textContent = wanted ? `${shown} of ${fitting} rows with “${filter.value.trim()}”` : `${shown} of ${count} rows`;
      all.textContent = isWhole ? `Show the first ${FEW_ROWS}` : `Show all ${fitting}`;
      all.hidden = fitting <= FEW_ROWS;
      all.setAttribute("aria-expanded", String(isWhole));
    };
    all.addEventListener("click", () => {
      isWhole = !isWhole;
      update();
      if (!isWhole) rest.scrollIntoView({ block: "nearest" });
    });
    filter.addEventListener("input", update);
    update();
    return update;
  };
  document.querySelectorAll("table.rows").forEach((table) => sortable(table, foldable(table)));
  document.querySelectorAll("table.tall").forEach(foldable);

  // Charts: what a point says, under the pointer.
  const pointed = (figure, svg) => {
    const labels = figure.dataset.labels.split("\n");
    const places = figure.dataset.places.split(" ").map(Number);
    const values = svg.dataset.values.split("\n");
    const plot = svg.parentElement;
    const cursor = make("div", "cursor");
    const tip = make("div", "tip");
    const away = () => [cursor, tip].forEach((one) => (one.hidden = true));
    tip.append(make("b"), make("span"));
    plot.append(cursor, tip);
    away();
    plot.addEventListener("pointermove", (event) => {
      const box = plot.getBoundingClientRect();
      const at = (event.clientX - box.left) / box.width;
      const distances = places.map((place) => Math.abs(place - at));
      const nearest = distances.indexOf(Math.min(...distances));
      tip.firstChild.textContent = values[nearest];
      tip.lastChild.textContent = labels[nearest];
      cursor.hidden = tip.hidden = false;
      const x = places[nearest] * box.width;
      cursor.style.left = `${x}px`;
      const left = x + 10 + tip.offsetWidth > box.width ? x - 10 - tip.offsetWidth : x + 10;
      tip.style.left = `${Math.max(0, Math.min(left, box.width - tip.offsetWidth))}px`;
    });
    plot.addEventListener("pointerleave", away);
  };
  document.querySelectorAll("figure.chart").forEach((figure) => {
    figure.querySelectorAll("svg[data-values]").forEach((svg) => pointed(figure, svg));
  });

  // Contents: folded on a phone, and where one is.
  const contents = document.querySelector("nav details");
  const narrow = matchMedia("(max-width: 1023px)");
  const fold = () => (contents.open = !narrow.matches);
  fold();
  narrow.addEventListener("change", fold);
  contents.addEventListener("click", (event) => {
    if (narrow.matches && event.target.closest("a")) contents.open = false;
  });
  const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries.filter((one) => one.isIntersecting)) {
        links.forEach((link, id) => {
          if (id === entry.target.id) link.setAttribute("aria-current", "true");
          else link.removeAttribute("aria-current");
        });
      }
    },
    { rootMargin: "-10% 0px -80% 0px" },
  );
  document.querySelectorAll("section.report").forEach((section) => watcher.observe(section));
})();
