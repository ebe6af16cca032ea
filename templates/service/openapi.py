"""How is the service's API described, for programs that read such descriptions? As OpenAPI 3.1."""

import orjson

from rows import MOST_ROWS

TYPES = {"number": "number", "integer": "integer", "text": "string", "boolean": "boolean"}
JSON = "application/json"


def document(serving):
    """The bytes of /openapi.json."""
    paths = {
        "/prediction": {"post": _operation("Predict rows", "Predictions", body="Rows", refusals=(400, 413, 415),
                                           parameters=[_probabilities()])},
        "/score": {"get": _operation("Scores of the models on the test set", "Score")},
        "/healthz": {"get": _operation("Whether the service is alive", "Status", is_free=True)},
        "/readyz": {"get": _operation("Whether the models answer as they did when they were trained", "Status", refusals=(503,), is_free=True)},
        "/metrics": {"get": {"summary": "Counters for Prometheus", "responses": {"200": {"description": "Text", "content": {"text/plain": {}}}}}},
    }
    if not serving.examples_are_private:
        number = {"name": "n", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0, "maximum": max(serving.count - 1, 0)}}
        paths |= {
            "/line/{n}": {"get": _operation("A row of the test set", "Line", refusals=(400, 404), parameters=[number])},
            "/prediction/{n}": {"get": _operation("Predict a row of the test set", "Prediction", refusals=(400, 404),
                                                  parameters=[number, _probabilities()])},
        }
    content = {
        "openapi": "3.1.0",
        "info": {"title": ", ".join(serving.names), "version": serving.version, "description": "Predictions for rows of features."},
        "paths": paths,
        "components": {"schemas": _schemas(serving), "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{}, {"token": []}],
    }
    return orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)


def example(serving):
    """A row as an object: a real one, or a placeholder where examples are private."""
    if serving.count and not serving.examples_are_private:
        return serving.values(0)
    nothing = {"number": 0.0, "integer": 0, "text": "", "boolean": False}
    return {column.name: nothing[column.type] for column in serving.columns}


def _probabilities():
    return {"name": "probabilities", "in": "query", "description": "all: the probability of every class",
            "schema": {"type": "string", "enum": ["all"]}}


def _operation(summary, answer, body=None, refusals=(), parameters=(), is_free=False):
    responses = {"200": {"description": "OK", "content": {JSON: {"schema": _named(answer)}}}}
    for status in (*refusals, *(() if is_free else (401,))):
        responses[str(status)] = {"description": "Why there is no answer", "content": {JSON: {"schema": _named("Refusal")}}}
    operation = {"summary": summary, "responses": responses}
    if parameters:
        operation["parameters"] = list(parameters)
    if body:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": _named(body)}}}
    if is_free:
        operation["security"] = []
    return operation


def _named(name):
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties, required=None):
    return {"type": "object", "properties": properties, "required": list(properties) if required is None else required}


def _schemas(serving):
    columns = {column.name: _column(column, serving) for column in serving.columns}
    answers = {name: _answer(serving, name) for name in serving.names}
    needed = [column.name for column in serving.columns if not column.optional and column.name not in serving.schema.unused]
    width = len(serving.columns)
    values = {"type": "array", "minItems": width, "maxItems": width, "description": "The values in the order of the columns"}
    return {
        "Row": _object(columns, needed) | {"additionalProperties": False},
        "Rows": _object({"rows": {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": {"oneOf": [_named("Row"), values]}}})
        | {"examples": [{"rows": [example(serving)]}]},
        "Answer": _object(answers),
        "Predictions": _object({"predictions": {"type": "array", "items": _named("Answer")}}),
        "Prediction": _object({"line": {"type": "integer"}} | answers),
        "Line": _object({"line": {"type": "integer"}, "features": _named("Row")}),
        "Score": _object({}) | {"additionalProperties": {"type": "number"}},
        "Status": _object({"status": {"const": "ok"}}),
        "Refusal": _object({"error": {"type": "string"}}),
    }


def _column(column, serving):
    kind = TYPES[column.type]
    described = {"type": [kind, "null"] if column.optional else kind}
    return described | ({"examples": [column.example]} if serving.may_show(column) else {})


def _answer(serving, name):
    if serving.tasks.get(name) == "regression":
        return _object({"value": {"type": "number"}})
    first = serving.expected.get(name) or {"class": None}
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return _object({key: {"type": kinds[type(value)]} if type(value) in kinds else {} for key, value in first.items()}, [])
