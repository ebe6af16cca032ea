"""What does somebody see who opens the service in a browser? One page that loads nothing from elsewhere."""

import html
import json

from openapi import example
from rows import MOST_ROWS

MOST_FIELDS = 24  # columns that get a field each; with more, the row is a text
# The page connects to this service only, and loads nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; form-action 'none'"
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: #2563eb; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; } p { margin: .4rem 0; }
code, pre, textarea, input, select { font: 14px/1.5 ui-monospace, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .7rem; overflow-x: auto; white-space: pre-wrap; word-break: break-word; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } td.number { font-variant-numeric: tabular-nums; }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .7rem; }
label { display: block; font-size: 14px; overflow-wrap: anywhere; } label small { opacity: .65; }
input, select, textarea { width: 100%; padding: .35rem .5rem; border: 1px solid var(--line); border-radius: 5px; background: transparent; color: inherit; }
textarea { min-height: 9rem; } option { color: black; }
button { font: inherit; margin: .9rem 0 .3rem; padding: .4rem 1.1rem; border: 0; border-radius: 5px; background: var(--accent); color: white; cursor: pointer; }
.soft { opacity: .7; } .bad { color: #d33; } a { color: inherit; }
@media (prefers-color-scheme: dark) { :root { --accent: #3b76f0; } .bad { color: #f77; } }
"""

SCRIPT = """
(() => {
const about = JSON.parse(document.getElementById("about").textContent);
const at = name => location.origin + location.pathname.replace(/\\/*$/, "/") + name;
const form = document.getElementById("row"), answer = document.getElementById("answer"), curl = document.getElementById("curl");
const token = sessionStorage.getItem("token");
function value(field) {
  const column = about.columns[field.dataset.column], text = field.value;
  if (text === "" && (column.optional || column.type !== "text")) return null;
  if (column.type === "text") return text;
  if (column.type === "boolean") return text === "true";
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}
function body() {
  const whole = form.querySelector("textarea");
  if (whole) return { rows: [JSON.parse(whole.value)] };
  const values = [...form.querySelectorAll("[data-column]")].map(value);
  return { rows: [Object.fromEntries(about.columns.map((column, place) => [column.name, values[place]]))] };
}
function show() {
  let text;
  try { text = JSON.stringify(body()); } catch { return; }
  const secret = about.tokens ? " -H 'Authorization: Bearer TOKEN'" : "";
  curl.textContent = "curl" + secret + " -d '" + text.replaceAll("'", "'\\\\''") + "' " + at("prediction");
}
async function ask(event) {
  event.preventDefault();
  answer.hidden = false; answer.className = "";
  try {
    const headers = { "Content-Type": "application/json" };
    if (token) headers.Authorization = "Bearer " + token;
    const begin = performance.now();
    const got = await fetch(at("prediction"), { method: "POST", headers, body: JSON.stringify(body()) });
    const said = await got.json();
    answer.className = got.ok ? "" : "bad";
    answer.textContent = got.ok ? JSON.stringify(said.predictions[0], null, 2) : said.error;
    document.getElementById("time").textContent = Math.round(performance.now() - begin) + " ms, request " + got.headers.get("X-Request-Id");
  } catch (error) {
    answer.className = "bad";
    answer.textContent = error instanceof SyntaxError ? "The row is not JSON: " + error.message : "The service cannot be reached: " + error.message;
  }
}
form.addEventListener("submit", ask); form.addEventListener("input", show); show();
})();
"""

TOKEN = """
(() => {
const form = document.querySelector("form"), said = document.getElementById("said");
async function show(token) {
  const got = await fetch(location.href, { headers: { Authorization: "Bearer " + token, Accept: "text/html" } });
  if (!got.ok) { sessionStorage.removeItem("token"); said.textContent = "This token is not valid."; return; }
  sessionStorage.setItem("token", token);
  const page = await got.text();
  document.open(); document.write(page); document.close();
}
form.addEventListener("submit", event => { event.preventDefault(); show(form.token.value.trim()); });
const known = sessionStorage.getItem("token");
if (known) show(known);
})();
"""


def of(serving, tokens=False):
    """The page, as bytes."""
    names = ", ".join(serving.names)
    row = example(serving)
    about = {"columns": [{"name": column.name, "type": column.type, "optional": column.optional} for column in serving.columns],
             "tokens": bool(tokens)}
    source = "row 0 of the test set" if serving.count and not serving.examples_are_private else "a placeholder: the examples are private"
    content = f"""
<h1>{html.escape(names)}</h1>
<p class="soft">Version <code>{html.escape(serving.version)}</code> · {counted(len(serving.columns), "column")}</p>
<h2>Models</h2>
{_table(serving)}
<h2>Ask</h2>
<p class="soft">This is {source}; change it as you like.</p>
<form id="row">{_fields(serving, row)}<button>Ask the models</button> <span class="soft" id="time"></span></form>
<pre id="answer" aria-live="polite" hidden></pre>
<h2>From a program</h2>
<pre id="curl">{html.escape(_curl(serving, row, tokens))}</pre>
<p class="soft">Up to {MOST_ROWS:,} rows at once. {_links(tokens)}</p>
<script id="about" type="application/json">{json.dumps(about).replace("<", chr(92) + "u003c")}</script>
<script>{SCRIPT}</script>"""
    return _whole(names, content)


def ask_for_token():
    """The page for a browser without a token: it cannot send one by itself."""
    return _whole("A token is required", f"""
<h1>A token is required</h1>
<form><label>Token <input name="token" type="password" autocomplete="off" autofocus></label><button>Open</button></form>
<p class="bad" id="said"></p>
<script>{TOKEN}</script>""")


def _whole(title, content):
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>{content}
</body>
</html>
""".encode()


def _table(serving):
    measured = list(dict.fromkeys(measure for scores in serving.scores.values() for measure in scores))
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in ("model", "task", *measured))
    lines = []
    for name in serving.names:
        scores = serving.scores.get(name, {})
        cells = "".join(f'<td class="number">{_number(scores.get(measure))}</td>' for measure in measured)
        lines.append(f"<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(serving.tasks.get(name) or '')}</td>{cells}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _links(tokens):
    """Links to the other addresses; with tokens only their names, because a browser that follows a link sends none."""
    places = (("OpenAPI", "openapi.json"), ("Open Inference Protocol", "v2"), ("metrics", "metrics"), ("scores", "score?details=1"))
    if tokens:
        return "Also here: " + ", ".join(f"<code>/{place}</code>" for _, place in places)
    return " · ".join(f'<a href="{place}">{name}</a>' for name, place in places)


def _number(score):
    return f"{score:.3f}" if isinstance(score, (int, float)) else "–"


def _fields(serving, row):
    if len(serving.columns) > MOST_FIELDS:
        text = json.dumps(row, ensure_ascii=False)
        return f'<label>A row: the values of the {len(row)} columns<textarea spellcheck="false">{html.escape(text)}</textarea></label>'
    return f'<div class="fields">{"".join(_field(place, column, row[column.name]) for place, column in enumerate(serving.columns))}</div>'


def _field(place, column, value):
    hint = column.type + (", may be empty" if column.optional else "")
    name = f"{html.escape(column.name)} <small>{hint}</small>"
    if column.type == "boolean":
        choices = [("", "")] * column.optional + [("true", True), ("false", False)]
        options = "".join(f'<option value="{text}"{" selected" * (value is own)}>{text}</option>' for text, own in choices)
        return f'<label>{name}<select data-column="{place}">{options}</select></label>'
    shown = "" if value is None else str(value)
    mode = ' inputmode="decimal"' if column.type in ("number", "integer") else ""
    return f'<label>{name}<input data-column="{place}" value="{html.escape(shown)}"{mode}></label>'


def _curl(serving, row, tokens):
    body = json.dumps({"rows": [row]}, ensure_ascii=False).replace("'", "'\\''")
    secret = " -H 'Authorization: Bearer TOKEN'" if tokens else ""
    return f"curl{secret} -d '{body}' http://ADDRESS/prediction"


def counted(number, word):
    return f"{number:,} {word}" + ("" if number == 1 else "s")
