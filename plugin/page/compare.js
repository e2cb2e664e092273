// Texts compared with the models alone: cosine, dot product of term weights, cross-encoder.

import { element, onSubmit, post, showTerms } from "./api.js";

const at = (id) => document.getElementById(id);

export const kinds = new Map();

function dot(a, b) {
  return a.reduce((sum, value, place) => sum + value * b[place], 0);
}

function cosine(a, b) {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function sparseDot(a, b) {
  return Object.entries(a).reduce((sum, [term, weight]) => sum + weight * (b[term] ?? 0), 0);
}

async function encoded(model, question, texts) {
  const [asked, given] = await Promise.all([
    post("/encode_query", { texts: [question], model }),
    post("/encode_document", { texts, model }),
  ]);
  const failed = [...asked.errors, ...given.errors][0];
  if (failed) throw new Error(failed.message);
  return { query: asked.embeddings[0], documents: given.embeddings };
}

async function ranked(model, question, texts) {
  const scores = [];
  for (const each of (await post("/rank", { query: question, documents: texts, model })).results) {
    scores[each.index] = each.score;
  }
  return scores;
}

async function compare() {
  const question = at("compare-question").value;
  const texts = at("texts").value.split("\n").filter((line) => line.trim());
  const [dense, sparse, scores] = await Promise.all([
    kinds.has("dense") ? encoded(kinds.get("dense"), question, texts) : null,
    kinds.has("sparse") ? encoded(kinds.get("sparse"), question, texts) : null,
    kinds.has("rerank") ? ranked(kinds.get("rerank"), question, texts) : null,
  ]);
  const shown = (number) => (Number.isFinite(number) ? number.toFixed(4) : "no model");
  at("compared").tBodies[0].replaceChildren(
    ...texts.map((text, place) => {
      const row = element("tr");
      const cells = [
        dense && cosine(dense.query, dense.documents[place]),
        sparse && sparseDot(sparse.query, sparse.documents[place]),
        scores && (scores[place] ?? NaN),
      ].map((number) => element("td", shown(number), "number"));
      row.append(element("td", text), ...cells);
      return row;
    }),
  );
  at("compared").hidden = false;
  showTerms(at("compare-terms"), sparse ? sparse.query : {}, question);
  return "";
}

onSubmit(at("compare"), at("compare-said"), compare);
