"use strict";
// The tables of the report. Nothing here makes HTML from text: every text
// goes in through textContent, and the page's policy forbids the rest.
(() => {
  const D = JSON.parse(document.getElementById("data").textContent);
  const S = D.strings, L = D.lists;
  // Columns of a row, in the order of data.go.
  const [ID, DIR, NAME, SEV, GRADE, CATS, PERSONS, MINORS, VERDICT, PEOPLE, MOST, ALLOWED, BEYOND, INCIDENT, STATUS, MODIFIED,
    EVIDENCE, VIA, WIDE, STAFF, SIZE, OWNER, MEDIA, PARTIAL, NULLDACL, NOTES, CREATED, FIRST, MODE, UNRESOLVED, DECISION] = Array(31).keys();
  const SEVERITIES = ["", "low", "medium", "high", "critical"];
  const GRADES = ["none", "internal", "sensitive", "highly-sensitive"];
  const STATUSES = ["accepted", "false-positive", "resolved", "open", "changed", "new"];
  const DETECTORS = {
    "se-personnummer": "personnummer", "se-samordningsnummer": "samordningsnummer", "se-reservnummer": "reservnummer",
    "dk-cpr": "CPR-nummer", "dk-erstatningscpr": "erstatnings-CPR", "no-fodselsnummer": "fødselsnummer", "no-dnummer": "D-nummer",
    "no-hnummer": "H-nummer", "fi-hetu": "henkilötunnus", "is-kennitala": "kennitala",
  };
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const PAGE = 100, MORE = 400, PRINT = 1000;

  const $ = id => document.getElementById(id);
  const say = (key, fill) => (D.phrases[key] ?? key).replace(/\{(\w+)\}/g, (all, k) => fill && k in fill ? fill[k] : all);
  const word = (kind, id) => D.phrases[kind + "." + id] ?? id;
  const numbers = new Intl.NumberFormat(D.locale);
  const num = n => numbers.format(n);
  const day = iso => {
    if (!iso) return "";
    const [y, m, d] = iso.split("-");
    switch (D.code) {
      case "sv": return iso;
      case "da": return d + "." + m + "." + y;
      case "en": return +d + " " + MONTHS[m - 1] + " " + y;
    }
    return +d + "." + +m + "." + y;
  };
  const bytes = n => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let i = 0;
    for (; n >= 1000 && i < 4; i++) n /= 1000;
    return new Intl.NumberFormat(D.locale, { maximumFractionDigits: n < 10 && i ? 1 : 0 }).format(n) + "\u00a0" + units[i];
  };
  const el = (tag, cls, text) => {
    const e = document.createElement(tag);
    if (cls) e.className = cls;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const strs = list => L[list].map(i => S[i]);
  const option = (value, text) => {
    const o = el("option", "", text);
    o.value = value;
    return o;
  };
  // choose fills a select with what occurs in the data.
  const choose = (id, ids, label) => {
    const s = $(id);
    s.append(option("", say("docs.all")), ...ids.map(v => option(v, label(v))));
    return s;
  };

  function documents() {
    const rows = D.rows, body = document.querySelector("#t tbody");
    let texts = null, order = null, matches = [], shown = PAGE, only = "", sort = { col: "severity", dir: -1 };
    const opened = new Set();
    let target = -1;

    const seen = pick => [...new Set(rows.map(pick))];
    const q = $("q");
    const selects = {
      severity: choose("f-severity", seen(r => r[SEV]).sort((a, b) => b - a).map(v => SEVERITIES[v]), v => word("sev", v)),
      grade: choose("f-grade", seen(r => S[r[GRADE]]).sort((a, b) => GRADES.indexOf(b) - GRADES.indexOf(a)), v => word("grade", v)),
      category: choose("f-category", [...new Set(seen(r => r[CATS]).flatMap(strs))].sort((a, b) => word("cat", a).localeCompare(word("cat", b), D.code)), v => word("cat", v)),
      verdict: choose("f-verdict", seen(r => S[r[VERDICT]]).sort(), v => word("verd", v)),
      status: choose("f-status", seen(r => S[r[STATUS]]).filter(Boolean).sort((a, b) => STATUSES.indexOf(b) - STATUSES.indexOf(a)), v => word("status", v)),
    };

    // The text that a search looks in; made once, when it is first needed.
    const searchable = () => texts ??= rows.map(r => [S[r[DIR]] + r[NAME], r[ID], S[r[INCIDENT]], S[r[OWNER]],
      strs(r[CATS]).map(c => c + " " + word("cat", c)).join(" "), L[r[VIA]].map(v => S[v[0]]).join(" "), strs(r[WIDE]).join(" ")].join("\n").toLowerCase());

    const keys = {
      severity: r => r[SEV] * 1e9 + Math.min(r[PERSONS], 1e8), path: r => S[r[DIR]] + r[NAME], grade: r => GRADES.indexOf(S[r[GRADE]]),
      persons: r => r[PERSONS], people: r => r[PEOPLE], status: r => STATUSES.indexOf(S[r[STATUS]]), modified: r => S[r[MODIFIED]],
    };
    // sorted caches the order of all rows; a filter keeps it.
    const sorted = () => {
      if (order) return order;
      const key = rows.map(keys[sort.col]), d = sort.dir;
      order = rows.map((_, i) => i);
      if (sort.col === "path") {
        const c = new Intl.Collator(D.locale, { numeric: true });
        order.sort((a, b) => d * c.compare(key[a], key[b]) || a - b);
      } else {
        order.sort((a, b) => (key[a] < key[b] ? -d : key[a] > key[b] ? d : a - b));
      }
      return order;
    };

    const filter = () => {
      const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
      const text = words.length ? searchable() : null;
      const severity = SEVERITIES.indexOf(selects.severity.value || "-");
      const grade = selects.grade.value, verdict = selects.verdict.value, status = selects.status.value, category = selects.category.value;
      const hasCategory = category && L.map(l => l.some(i => S[i] === category));
      matches = sorted().filter(i => {
        const r = rows[i];
        return (severity < 0 || r[SEV] === severity) && (!grade || S[r[GRADE]] === grade) && (!verdict || S[r[VERDICT]] === verdict) &&
          (!status || S[r[STATUS]] === status) && (!category || hasCategory[r[CATS]]) && (!only || S[r[INCIDENT]] === only) &&
          words.every(w => text[i].includes(w));
      });
      draw();
    };

    const readers = r => r[MOST] > r[PEOPLE] ? num(r[PEOPLE]) + "–" + num(r[MOST]) : num(r[PEOPLE]);

    const drawRow = i => {
      const r = rows[i], tr = el("tr"), sev = SEVERITIES[r[SEV]];
      const cell = (cls, text) => tr.appendChild(el("td", cls, text));
      cell().append(el("span", "tag t-" + sev, word("sev", sev)));
      const b = el("button", "doc", r[NAME] || S[r[DIR]]);
      b.type = "button";
      b.dataset.row = i;
      b.setAttribute("aria-expanded", opened.has(i));
      const doc = cell();
      doc.append(b, el("span", "dir", S[r[DIR]]));
      const grade = cell("", word("grade", S[r[GRADE]]));
      const cats = strs(r[CATS]).map(c => word("cat", c)).join(", ");
      if (cats) grade.append(el("br"), el("small", "", cats));
      if (S[r[VERDICT]] === "unknown") grade.append(el("br"), el("span", "tag t-unknown", word("verd", "unknown")));
      const persons = cell("num", num(r[PERSONS]));
      if (r[MINORS]) persons.append(el("br"), el("small", "", say("docs.minors", { n: num(r[MINORS]) })));
      const people = cell("num", S[r[VERDICT]] === "unknown" && !r[MOST] ? "?" : readers(r));
      const wide = strs(r[WIDE])[0];
      if (wide) people.append(el("br"), el("small", "", wide));
      const status = S[r[STATUS]];
      cell("opt").append(status ? el("span", "tag st-" + status, word("status", status)) : "");
      cell("opt", day(S[r[MODIFIED]]));
      tr.dataset.id = r[ID];
      if (i === target) tr.classList.add("target");
      if (opened.has(i)) tr.classList.add("open");
      return tr;
    };

    const pairs = list => {
      const dl = el("dl");
      for (const [k, v, cls] of list) if (v) dl.append(el("dt", "", k), el("dd", cls || "", v));
      return dl;
    };
    const table = (heads, lines) => {
      const t = el("table"), h = el("tr");
      for (const x of heads) {
        const th = el("th", "", x);
        th.scope = "col";
        h.append(th);
      }
      const head = el("thead"), b = el("tbody");
      head.append(h);
      for (const line of lines) {
        const tr = el("tr");
        for (const x of line) tr.append(el("td", "", x));
        b.append(tr);
      }
      t.append(head, b);
      return t;
    };

    const drawDetail = i => {
      const r = rows[i], tr = el("tr", "detail"), td = el("td");
      td.colSpan = 7;
      const cols = el("div", "cols"), left = el("div"), right = el("div");
      left.append(el("h3", "", say("det.evidence")));
      const ev = r[EVIDENCE].map(e => [DETECTORS[S[e[0]]] ?? S[e[0]], e[1], S[e[2]], e[3] > 1 ? num(e[3]) : ""]);
      left.append(ev.length ? table(["", say("det.evidence"), say("det.where"), say("det.count")].map((h, n) => n ? h : say("det.type")), ev) : el("p", "small", say("det.none")));
      if (r[PARTIAL]) left.append(el("p", "alarm", say("det.partial")));
      const limit = r[BEYOND] ? say("who.allowed", { allowed: num(r[ALLOWED]), beyond: num(r[BEYOND]) }) : r[WIDE] && strs(r[WIDE]).length ? say("who.wide") : "";
      right.append(el("h3", "", say("det.readers")));
      right.append(el("p", "", readers(r) + (r[STAFF] ? " / " + num(r[STAFF]) : "") + ". " + limit));
      if (r[NULLDACL]) right.append(el("p", "", say("who.null")));
      if (L[r[VIA]].length) {
        right.append(table([say("who.rule"), say("who.rights"), say("who.users"), say("who.from")],
          L[r[VIA]].map(v => [S[v[0]] + (L[v[5]].length ? " › " + strs(v[5]).join(" › ") : ""), word("right", S[v[2]]), num(v[3]), S[v[4]] || say("who.itself")])));
      }
      const notes = strs(r[NOTES]);
      right.append(pairs([[say("det.notes"), notes.join("; ")], [say("who.unresolved", { names: "" }).replace(/[:\s]+$/, ""), strs(r[UNRESOLVED]).join(", "), "grp"]]));
      const [reason, by, until] = strs(r[DECISION]);
      left.append(pairs([
        [say("det.decision"), reason && reason + " (" + by + (until ? ", ≤ " + day(until) : "") + ")"], [say("det.place"), S[r[DIR]] + r[NAME], "path"], [say("det.owner"), S[r[OWNER]]], [say("det.created"), day(S[r[CREATED]])],
        [say("det.firstseen"), day(S[r[FIRST]])], [say("det.size"), bytes(r[SIZE])], [say("det.type"), S[r[MEDIA]]],
      ]));
      const foot = el("p", "small"), link = el("a", "", r[ID]);
      link.href = "#" + r[ID];
      foot.append(say("det.id") + ": ", link);
      if (S[r[INCIDENT]]) {
        const a = el("a", "", S[r[INCIDENT]]);
        a.href = "#" + S[r[INCIDENT]];
        foot.append(" · " + say("det.incident") + ": ", a, " (" + word("mode", S[r[MODE]] + ".short") + ")");
      }
      cols.append(left, right);
      td.append(cols, foot);
      tr.append(td);
      return tr;
    };

    const draw = () => {
      const f = document.createDocumentFragment();
      for (const i of matches.slice(0, shown)) {
        f.append(drawRow(i));
        if (opened.has(i)) f.append(drawDetail(i));
      }
      if (!matches.length) {
        const td = el("td", "", say("docs.none")), tr = el("tr");
        td.colSpan = 7;
        tr.append(td);
        f.append(tr);
      }
      body.replaceChildren(f);
      $("n").textContent = say("docs.count", { n: num(matches.length), total: num(rows.length) });
      const left = matches.length - shown;
      $("more").hidden = left <= 0;
      $("more").textContent = say("docs.more", { n: num(Math.min(left, MORE)) });
      $("only").hidden = !only;
      $("clear").hidden = !only && !q.value && !Object.values(selects).some(s => s.value);
      for (const th of document.querySelectorAll("#t th[data-col]")) {
        if (th.dataset.col === sort.col) th.setAttribute("aria-sort", sort.dir > 0 ? "ascending" : "descending");
        else th.removeAttribute("aria-sort");
      }
    };

    const fresh = () => {
      shown = PAGE;
      filter();
    };
    const reset = () => {
      q.value = "";
      only = "";
      for (const s of Object.values(selects)) s.value = "";
    };
    // toggle opens or closes one row in place, so that focus stays.
    const toggle = b => {
      const i = +b.dataset.row, tr = b.closest("tr");
      if (opened.delete(i)) tr.nextElementSibling.remove();
      else {
        opened.add(i);
        tr.after(drawDetail(i));
      }
      b.setAttribute("aria-expanded", opened.has(i));
      tr.classList.toggle("open", opened.has(i));
    };
    // go shows what the address names: a document or an incident.
    const go = () => {
      const id = decodeURIComponent(location.hash.slice(1));
      if (/^I-/.test(id)) {
        const card = $(id);
        if (card) {
          card.open = true;
          card.scrollIntoView();
        } else if (rows.some(r => S[r[INCIDENT]] === id)) show({ incident: id });
        return;
      }
      const i = /^F-/.test(id) ? rows.findIndex(r => r[ID] === id) : -1;
      if (i < 0) return;
      if (!matches.includes(i)) {
        reset();
        filter();
      }
      target = i;
      opened.add(i);
      shown = Math.max(shown, matches.indexOf(i) + 1);
      draw();
      const b = body.querySelector(`button[data-row="${i}"]`);
      b.closest("tr").scrollIntoView({ block: "center" });
      b.focus({ preventScroll: true });
    };
    const show = what => {
      reset();
      only = what.incident || "";
      selects.verdict.value = what.verdict || "";
      fresh();
      $("documents").scrollIntoView();
      q.focus({ preventScroll: true });
    };

    q.addEventListener("input", fresh);
    for (const s of Object.values(selects)) s.addEventListener("change", fresh);
    $("more").addEventListener("click", () => {
      const from = shown;
      shown += MORE;
      draw();
      body.querySelector(`button[data-row="${matches[from]}"]`)?.focus();
    });
    $("clear").addEventListener("click", () => {
      reset();
      fresh();
      q.focus();
    });
    body.addEventListener("click", e => {
      const b = e.target.closest("button.doc");
      if (b) toggle(b);
    });
    for (const b of document.querySelectorAll("#t th button")) {
      b.addEventListener("click", () => {
        const col = b.parentElement.dataset.col;
        const first = col === "path" ? 1 : -1;
        sort = { col, dir: col === sort.col ? -sort.dir : first };
        order = null;
        fresh();
      });
    }
    for (const b of document.querySelectorAll("button.show")) {
      b.hidden = false;
      b.addEventListener("click", () => show(b.dataset));
    }
    addEventListener("hashchange", go);
    let before = PAGE;
    addEventListener("beforeprint", () => {
      before = shown;
      shown = Math.max(shown, PRINT);
      const cut = matches.length > shown;
      $("printcut").hidden = !cut;
      $("printcut").textContent = cut ? say("docs.printcut", { n: num(shown) }) : "";
      draw();
    });
    addEventListener("afterprint", () => {
      shown = before;
      $("printcut").hidden = true;
      draw();
    });
    filter();
    go();
    (window.requestIdleCallback ?? setTimeout)(searchable);
  }

  function skips() {
    const rows = D.skips, body = document.querySelector("#s tbody"), q = $("sq");
    let shown = PAGE, texts = null;
    const reason = choose("s-reason", [...new Set(rows.map(r => S[r[0]]))].sort(), v => word("reason", v));
    const draw = () => {
      const words = q.value.toLowerCase().split(/\s+/).filter(Boolean), want = reason.value;
      if (words.length) texts ??= rows.map(r => (S[r[2]] + r[3] + "\n" + S[r[4]]).toLowerCase());
      const hits = rows.filter((r, i) => (!want || S[r[0]] === want) && words.every(w => texts[i].includes(w)));
      const f = document.createDocumentFragment();
      for (const r of hits.slice(0, shown)) {
        const tr = el("tr"), name = el("td");
        name.append(el("span", "", r[3]), el("span", "dir", S[r[2]]));
        const why = el("td", "", word("reason", S[r[0]]));
        if (r[5]) why.append(el("br"), el("small", "", say("skips.partial")));
        tr.append(why, name, el("td", "opt", word("stage", S[r[1]])), el("td", "", S[r[4]]));
        f.append(tr);
      }
      body.replaceChildren(f);
      $("sn").textContent = say("skips.count", { n: num(hits.length), total: num(rows.length) });
      const left = hits.length - shown;
      $("smore").hidden = left <= 0;
      $("smore").textContent = say("docs.more", { n: num(Math.min(left, MORE)) });
    };
    const fresh = () => {
      shown = PAGE;
      draw();
    };
    q.addEventListener("input", fresh);
    reason.addEventListener("change", fresh);
    $("smore").addEventListener("click", () => {
      shown += MORE;
      draw();
    });
    draw();
  }

  if ($("t")) documents();
  if ($("s")) skips();

  // Every incident is printed whole.
  const closed = [];
  addEventListener("beforeprint", () => {
    for (const d of document.querySelectorAll("details:not([open])")) {
      closed.push(d);
      d.open = true;
    }
  });
  addEventListener("afterprint", () => {
    while (closed.length) closed.pop().open = false;
  });
  document.addEventListener("click", e => {
    const b = e.target.closest("button.copy");
    if (!b) return;
    const pre = b.parentElement.querySelector("pre");
    const range = document.createRange();
    range.selectNodeContents(pre);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    const done = () => {
      b.textContent = say("cure.copied");
      setTimeout(() => { b.textContent = say("cure.copy"); }, 2000);
    };
    navigator.clipboard?.writeText(pre.textContent).then(done, () => {});
  });
})();
