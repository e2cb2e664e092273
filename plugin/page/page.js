// A question to the cluster, each stage's answer in a column of its own.

import { element, onSubmit, post, showTerms } from "./api.js";
import { refresh } from "./state.js";

const at = (id) => document.getElementById(id);
const NAMES = { bm25: "BM25", dense: "Dense", sparse: "Sparse", fused: "Fused", reranked: "Reranked" };

// The text, with the words that are among the terms marked.
function highlighted(text, terms) {
  const made = element("p");
  for (const part of text.split(/([\p{L}\p{N}]+)/u)) {
    made.append(terms.has(part.toLowerCase()) ? element("mark", part) : part);
  }
  return made;
}

function result(found, terms) {
  const item = element("li");
  item.append(element("span", found.score.toPrecision(4), "score"), element("strong", found.title));
  item.append(highlighted(found.text, terms));
  const ranks = Object.entries(found.ranks).map(([stage, rank]) => `${NAMES[stage]} ${rank}`);
  item.append(element("p", `${found.id} · ${ranks.join(", ")}`, "note"));
  return item;
}

function column(stage, answer, terms) {
  const made = element("section", "", "column");
  made.dataset.stage = stage;
  const timings = Object.entries(answer.timings_ms);
  const whole = timings.reduce((sum, [, ms]) => sum + ms, 0);
  made.append(element("h3", `${NAMES[stage]} · ${whole.toFixed(0)} ms`));
  made.append(element("p", timings.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(", "), "note"));
  const list = element("ol");
  list.append(...answer.results.map((found) => result(found, terms)));
  made.append(answer.results.length ? list : element("p", "nothing found", "note"));
  return made;
}

async function ask() {
  const stages = [...document.querySelectorAll("input[name=stage]:checked")].map((box) => box.value);
  const question = at("question").value;
  const body = { query: question, index: at("index").value, stages, size: Number(at("size").value) };
  const answer = await post("/page/search", body);
  const terms = new Set(Object.keys(answer.expansion));
  at("columns").replaceChildren(
    ...Object.entries(answer.stages).map(([stage, each]) => column(stage, each, stage === "sparse" ? terms : new Set())),
  );
  at("expansion").hidden = terms.size === 0;
  showTerms(at("expansion").querySelector("ul"), answer.expansion, question);
  const missing = stages.filter((stage) => !(stage in answer.stages)).map((stage) => NAMES[stage]);
  return missing.length ? `${answer.index} cannot be searched by: ${missing.join(", ")}` : "";
}

onSubmit(at("ask"), at("said"), ask);
// A switch takes effect at once where there is an answer to change.
for (const box of document.querySelectorAll("input[name=stage]")) {
  box.addEventListener("change", () => at("columns").childElementCount && at("ask").requestSubmit());
}
await refresh();
setInterval(refresh, 2000);
