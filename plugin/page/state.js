// Which models are served and what waits for them: from /info and /metrics, again every two seconds.

import { element, get } from "./api.js";
import { kinds } from "./compare.js";

const at = (id) => document.getElementById(id);

// Sum of a series over all its label sets that have these labels.
function total(lines, name, labels) {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return lines
    .filter((line) => line.startsWith(`${name}{`) && wanted.every((each) => line.includes(each)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

// What is known of a model once it is loaded; before, its state.
function known(model) {
  if (model.state !== "ready") return [model.state, model.precision, "–", "–"];
  return [
    model.kind + (model.dimension ? ` (${model.dimension})` : ""),
    `${model.executor}, ${model.precision}`,
    model.fingerprint.slice(0, 12),
    `${Math.round(model.memory_bytes / 1e6)} MB`,
  ];
}

function row(model, lines) {
  const of = (name, labels = {}) => total(lines, `outrider_${name}`, { model: model.name, ...labels });
  const interactive = { priority: "interactive" };
  const asked = of("request_seconds_count", interactive);
  const mean = asked ? `${((1000 * of("request_seconds_sum", interactive)) / asked).toFixed(1)} ms` : "–";
  const made = element("tr");
  made.append(
    ...[
      model.name,
      ...known(model),
      of("queue_texts", interactive),
      of("queue_texts", { priority: "bulk" }),
      mean,
      of("query_cache_lookups_total", { result: "hit" }),
      of("refused_requests_total"),
    ].map((text) => element("td", String(text))),
  );
  return made;
}

function showIndices(indices) {
  const select = at("index");
  at("ask").hidden = indices.length === 0;
  at("no-cluster").hidden = indices.length > 0;
  if (select.options.length !== indices.length) {
    select.replaceChildren(...indices.map((name) => element("option", name)));
  }
}

export async function refresh() {
  try {
    const info = await (await get("/info")).json();
    const lines = (await (await get("/metrics")).text()).split("\n");
    at("models").tBodies[0].replaceChildren(...info.models.map((model) => row(model, lines)));
    kinds.clear();
    const ready = info.models.filter((model) => model.state === "ready");
    for (const model of ready) if (!kinds.has(model.kind)) kinds.set(model.kind, model.name);
    showIndices(info.indices);
    at("ready").textContent = `${info.ready ? "ready" : "loading models"} · version ${info.version}`;
    at("ready").className = "";
  } catch (error) {
    at("ready").textContent = error.message;
    at("ready").className = "bad";
  }
}
