// Requests to this sidecar, and elements that hold text: nothing from a document is ever read as HTML.

const key = document.getElementById("key");
// The key stays in this field: it is sent with each request, and kept nowhere.
key.form.addEventListener("submit", (event) => event.preventDefault());

function headers() {
  return key.value ? { Authorization: `Bearer ${key.value}` } : {};
}

async function answered(reply) {
  if (reply.ok) return reply;
  let message = `the sidecar answered ${reply.status}`;
  try {
    message = (await reply.json()).error.message;
  } catch {
    // An answer that is not ours, from a proxy in between: its status has to do.
  }
  throw new Error(message);
}

export async function get(path) {
  return answered(await fetch(path, { headers: headers() }));
}

export async function post(path, body) {
  const sent = { method: "POST", body: JSON.stringify(body) };
  const reply = await fetch(path, { ...sent, headers: { ...headers(), "Content-Type": "application/json" } });
  return (await answered(reply)).json();
}

export function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

// What happens on a form's submit: one at a time, failures said where the answer would be.
export function onSubmit(form, said, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    said.className = "";
    said.textContent = "asking …";
    try {
      said.textContent = await act();
    } catch (error) {
      said.className = "bad";
      said.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
}

export function showTerms(list, weights, question, limit = 40) {
  const asked = new Set(question.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
  const terms = Object.entries(weights).sort((a, b) => b[1] - a[1]).slice(0, limit);
  list.replaceChildren(
    ...terms.map(([term, weight]) =>
      element("li", `${term} ${weight.toFixed(2)}`, asked.has(term) ? "asked" : "added")),
  );
}
