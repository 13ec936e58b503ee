// SPDX-License-Identifier: GPL-2.0-or-later
// The page shows what /live tells. Names come from strangers: they are only ever text.
"use strict";

const HOUR = 3600, MINUTE = 60, SILENCE_MS = 6000, AGAIN_MS = 1000;
const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");

// second -> [served, stray, other, turned]; of all listeners, and of each.
const all = new Map(), each = new Map();
let source = null, heard = 0, latest = 0, span = HOUR, spoken = 0;

// What the daemon forgot, because it was started anew, is kept here.
function take(map, from, seconds, room) {
	seconds.forEach((s, i) => map.set(from + i, s));
	const newest = from + seconds.length - 1;
	for (const t of map.keys())
		if (t <= newest - room)
			map.delete(t);
}

function history(m) {
	take(all, m.from, m.seconds, HOUR);
	if (m.seconds.length)
		latest = m.from + m.seconds.length - 1;
	for (const [name, seconds] of Object.entries(m.listeners))
		take(track(name), m.from + m.seconds.length - seconds.length, seconds, MINUTE);
	draw();
}

function track(name) {
	if (!each.has(name))
		each.set(name, new Map());
	return each.get(name);
}

// ---- drawing ------------------------------------------------------------------

function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

function surface(canvas) {
	const ratio = window.devicePixelRatio || 1;
	const width = canvas.clientWidth, height = canvas.clientHeight;
	if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
		canvas.width = Math.round(width * ratio);
		canvas.height = Math.round(height * ratio);
	}
	const to = canvas.getContext("2d");
	to.setTransform(ratio, 0, 0, ratio, 0, 0);
	to.clearRect(0, 0, width, height);
	return {to, width, height};
}

// The most of each kind in each of so many columns of the last `seconds` seconds.
function columns(map, seconds, count) {
	const cells = Array.from({length: count}, () => null);
	for (let t = latest - seconds + 1; t <= latest; t++) {
		const s = map.get(t);
		if (!s)
			continue;
		const at = Math.floor((t - latest + seconds - 1) * count / seconds);
		cells[at] = cells[at] ? cells[at].map((n, k) => Math.max(n, s[k])) : s;
	}
	return cells;
}

function nice(peak) {
	const power = Math.pow(10, Math.floor(Math.log10(Math.max(peak, 1))));
	return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= peak) || 1;
}

function draw() {
	const {to, width, height} = surface($("chart"));
	const left = 56, bottom = 18, top = 6, wide = width - left, high = height - bottom - top;
	const cells = columns(all, span, Math.max(1, Math.min(span, Math.floor(wide / 2))));
	const peak = nice(Math.max(1, ...cells.map((c) => c ? c[0] + c[1] + c[2] : 0)));
	to.font = "12px system-ui, sans-serif";
	to.fillStyle = colour("dim");
	to.strokeStyle = colour("line");
	for (let i = 0; i <= 4; i++) {
		const y = top + high - high * i / 4;
		to.beginPath();
		to.moveTo(left, y);
		to.lineTo(width, y);
		to.stroke();
		to.textAlign = "right";
		if (Number.isInteger(peak * i / 4))
			to.fillText(number.format(peak * i / 4), left - 6, y + 4);
	}
	to.textAlign = "left";
	to.fillText(span === HOUR ? "an hour ago" : span === MINUTE ? "a minute ago" : "ten minutes ago", left, height - 4);
	to.textAlign = "right";
	to.fillText("now", width, height - 4);
	bars(to, cells, left, top, wide, high, peak);
	describe(cells, peak);
}

function bars(to, cells, left, top, wide, high, peak) {
	const step = wide / cells.length, colours = ["served", "stray", "other"].map(colour);
	cells.forEach((c, i) => {
		let y = top + high;
		if (!c)
			return;
		for (let k = 0; k < 3; k++) {
			const h = high * c[k] / peak;
			to.fillStyle = colours[k];
			to.fillRect(left + i * step, y - h, Math.max(1, step), h);
			y -= h;
		}
	});
}

// For those who hear the page; not every second.
function describe(cells) {
	const most = (k) => Math.max(0, ...cells.map((c) => c ? c[k] : 0));
	const now = all.get(latest) || [0, 0, 0, 0];
	$("peak").textContent = `most in this time: ${number.format(most(0))} served, ${number.format(most(1))} stray`;
	if (latest - spoken < 10 && latest >= spoken)
		return;
	spoken = latest;
	$("chart").setAttribute("aria-label", `Visits per second. Now ${now[0]} served and ${now[1]} stray; ` +
		`in this time at most ${most(0)} served and ${most(1)} stray.`);
}

function spark(canvas, map) {
	const {to, width, height} = surface(canvas);
	const cells = columns(map, MINUTE, MINUTE);
	const peak = Math.max(1, ...cells.map((c) => c ? c[0] + c[1] + c[2] : 0));
	bars(to, cells, 0, 0, width, height, peak);
}

// ---- tables -------------------------------------------------------------------

function cell(tag, text, name) {
	const c = document.createElement(tag);
	c.textContent = text;
	if (name)
		c.className = name;
	if (tag === "th")
		c.scope = "row";
	return c;
}

// Rows are made once and filled again, so that nobody loses his place.
function fill(table, rows, nothing) {
	const body = table.tBodies[0], columns = table.tHead.rows[0].cells.length;
	if (!rows.length) {
		if (body.rows.length === 1 && body.rows[0].className === "none")
			return;
		const row = document.createElement("tr"), c = cell("td", nothing, "empty");
		row.className = "none";
		c.colSpan = columns;
		row.append(c);
		body.replaceChildren(row);
		return;
	}
	if (body.rows.length && body.rows[0].className === "none")
		body.replaceChildren();
	while (body.rows.length > rows.length)
		body.rows[body.rows.length - 1].remove();
	rows.forEach((values, i) => {
		let row = body.rows[i];
		if (!row) {
			row = document.createElement("tr");
			values.forEach((v, k) => row.append(cell(k ? "td" : "th", "", table.tHead.rows[0].cells[k].className)));
			body.append(row);
		}
		values.forEach((v, k) => {
			if (typeof v === "function")
				v(row.cells[k]);
			else if (row.cells[k].textContent !== String(v))
				row.cells[k].textContent = v;
		});
	});
}

const percent = (n) => (100 * n).toFixed(1) + " %";

function judged(l) {
	return (c) => {
		const text = l.depth === "-" ? "each packet" : l.depth === "handshake" ? "at the handshake" : "at data";
		if (c.dataset.shown === text + l.why)
			return;
		c.dataset.shown = text + l.why;
		c.replaceChildren(document.createTextNode(text));
		if (l.why)
			c.append(cell("span", l.why, "why"));
	};
}

function minute(l) {
	return (c) => {
		if (!c.firstChild) {
			const canvas = document.createElement("canvas");
			canvas.className = "spark";
			canvas.setAttribute("aria-hidden", "true");
			c.append(canvas);
		}
		spark(c.firstChild, track(l.listener));
	};
}

function listeners(list, up) {
	fill($("listeners"), list.map((l) => {
		const s = track(l.listener).get(latest) || [0, 0, 0, 0];
		return [l.listener, l.as, judged(l), l.state, number.format(s[0]), number.format(s[1]),
			number.format(s[3]), minute(l)];
	}), up ? "the policy has no listener" : "the gate is not up");
	for (const name of each.keys())
		if (!list.some((l) => l.listener === name))
			each.delete(name);
}

function heavy(id, list, nothing) {
	fill($(id), list.map((h) => [h.text, h.as, number.format(h.visits), percent(h.share)]), nothing);
}

function reasons(list) {
	const order = {answer: 0, reset: 1, drop: 2, pass: 3};
	list.sort((a, b) => b.rate - a.rate || order[a.verdict] - order[b.verdict] || b.packets - a.packets);
	fill($("reasons"), list.map((r) => [(c) => {
		c.textContent = r.reason;
		c.title = r.text;
	}, r.verdict, number.format(r.rate), number.format(r.packets)]), "no packet yet");
}

// ---- what it comes to ------------------------------------------------------------

function say(id, text) {
	if ($(id).textContent !== text)
		$(id).textContent = text;
}

function verdict(m) {
	const now = all.get(latest) || [0, 0, 0, 0];
	if (!m.up)
		return "The gate is not up: all visitors reach the server";
	if (m.level === "CRITICAL")
		return "Something is broken";
	if (m.posture === "observe")
		return now[1] ? "Strays arrive, and are only counted (observe)" : "Quiet; strays would only be counted (observe)";
	const listeners = m.listeners.map((l) => l.state);
	if (listeners.includes("engaged"))
		return "A flood is turned away (auto, engaged)";
	return now[3] ? "Strays are turned away" : now[1] ? "Strays arrive" : "Quiet";
}

function summary(m) {
	if (!m.up)
		return "";
	const devices = m.devices.map((d) => `${d.device} (${d.attached ? d.mode : "not attached"})`).join(", ");
	return `posture ${m.posture} on ${devices || "no device"}; ${number.format(m.served_names)} served names` +
		(m.goes_back_in ? `; rolled back in ${m.goes_back_in} s unless confirmed` : "") +
		(m.bound && m.bound.draining ? "; draining" : "");
}

function second(m) {
	take(all, m.recent.from, m.recent.seconds, HOUR);
	if (m.recent.seconds.length)
		latest = m.recent.from + m.recent.seconds.length - 1;
	const now = all.get(latest) || [0, 0, 0, 0];
	document.title = `${m.level === "OK" ? "" : "! "}${number.format(now[1])} stray/s - straygate ${m.instance}`;
	say("instance", m.instance);
	$("state").className = m.level.toLowerCase();
	say("verdict", verdict(m));
	say("summary", summary(m));
	const texts = m.problems.map((p) => `${p.level.toLowerCase()}: ${p.text}`);
	if ([...$("problems").children].map((li) => li.textContent).join("\n") !== texts.join("\n"))
		$("problems").replaceChildren(...texts.map((t) => cell("li", t)));
	say("served", m.up ? number.format(now[0]) : "-");
	say("stray", m.up ? number.format(now[1]) : "-");
	say("turned", m.up ? number.format(now[3]) : "-");
	say("bound", m.up && m.bound ? number.format(m.bound.visits) : "-");
	say("bound-limit", m.up && m.bound ? `of ${number.format(m.bound.limit)} visits` : "visits");
	for (const l of m.listeners || [])
		take(track(l.listener), m.recent.from, l.recent, MINUTE);
	listeners(m.listeners || [], m.up);
	heavy("names", m.names || [], "none yet");
	heavy("sources", m.sources || [], "none yet");
	reasons(m.reasons || []);
	draw();
}

// ---- the stream ------------------------------------------------------------------

function away() {
	say("link", "the exporter is away; trying again");
	$("link").className = "away";
}

function connect() {
	if (source)
		source.close();
	heard = Date.now();
	source = new EventSource("/live");
	source.addEventListener("history", (e) => history(JSON.parse(e.data)));
	source.addEventListener("second", (e) => {
		heard = Date.now();
		say("link", "live");
		$("link").className = "";
		second(JSON.parse(e.data));
	});
	source.addEventListener("error", () => {
		away();
		source.close();
		setTimeout(connect, AGAIN_MS);
	});
}

for (const input of document.querySelectorAll("input[name=span]"))
	input.addEventListener("change", () => {
		span = Number(input.value);
		spoken = 0;
		draw();
	});
window.addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
setInterval(() => {
	if (Date.now() - heard > SILENCE_MS) {
		away();
		connect();
	}
}, 2000);
connect();
