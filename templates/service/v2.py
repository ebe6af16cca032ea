"""What does the service answer to clients of KServe, Triton and MLServer? They speak the Open Inference Protocol, version 2.

Tensors are JSON: one for each column, or one of n rows and as many columns as the header has. Neither gRPC nor binary tensors.
"""

from starlette.routing import Route

from envelope import reply
from refusal import Refusal
from rows import checked, json_of

DATATYPES = {"number": "FP64", "integer": "INT64", "text": "BYTES", "boolean": "BOOL"}
KNOWN = {"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"}
PREDICT, CHANCES = "predict", "predict_proba"


def routes(serving, batcher, bodies, is_ready):
    protocol = Protocol(serving, batcher, bodies, is_ready)
    one, version = "/v2/models/{model}", "/v2/models/{model}/versions/{version}"
    return [
        *(Route(f"{path}/infer", protocol.infer, methods=["POST"]) for path in (one, version)),
        *(Route(f"{path}/ready", protocol.model_ready) for path in (one, version)),
        *(Route(path, protocol.model) for path in (one, version)),
        Route("/v2/health/live", protocol.live), Route("/v2/health/ready", protocol.ready), Route("/v2", protocol.server),
    ]


class Protocol:
    """The addresses of the protocol."""

    def __init__(self, serving, batcher, bodies, is_ready):
        self.serving, self.batcher, self.bodies, self.is_ready = serving, batcher, bodies, is_ready

    async def server(self, request):
        return reply({"name": "kubeforge", "version": self.serving.version, "extensions": [], "models": self.serving.names})

    async def live(self, request):
        return reply({"live": True})

    async def ready(self, request):
        reason = await self.is_ready()
        return reply({"ready": False, "error": reason}, 503) if reason else reply({"ready": True})

    async def model_ready(self, request):
        name = self._name(request)
        reason = await self.is_ready()
        return reply({"name": name, "ready": not reason}, 503 if reason else 200)

    async def model(self, request):
        name = self._name(request)
        columns = [{"name": column.name, "datatype": DATATYPES[column.type], "shape": [-1]} for column in self.serving.columns]
        return reply({"name": name, "versions": [self.serving.version], "platform": "kubeforge", "inputs": columns,
                      "outputs": self._outputs(name)})

    def _outputs(self, name):
        if self.serving.tasks.get(name) == "regression":
            return [{"name": PREDICT, "datatype": "FP64", "shape": [-1]}]
        classes = self.serving.models.classes.get(name) or []
        answer = {"name": PREDICT, "datatype": datatype(classes), "shape": [-1]}
        if not self.serving.models.has_probabilities(name):
            return [answer]
        return [answer, {"name": CHANCES, "datatype": "FP64", "shape": [-1, len(classes) or -1]}]

    async def infer(self, request):
        name = self._name(request)
        if "inference-header-content-length" in request.headers:
            raise Refusal(400, "binary tensors are not supported: send them as JSON (binary_data=False)")
        asked = Asked(request, name)

        def read():
            asked.read(body(), self.serving)
            return checked(asked.lists, self.serving.schema)

        async with self.bodies.of(request) as body:
            # What is wanted is known when the body has been read.
            return await self.batcher.ask(read, lambda answers: reply(asked.answer(answers, self.serving)), lambda: CHANCES in asked.outputs)

    def _name(self, request):
        name, version = request.path_params["model"], request.path_params.get("version")
        if name not in self.serving.names:
            raise Refusal(404, f"there is no model {name[:80]!r}; the models are: {', '.join(self.serving.names)}")
        if version is not None and version != self.serving.version:
            raise Refusal(404, f"there is no version {version[:80]!r} of {name}; its version is {self.serving.version}")
        return name


class Asked:
    """A request for inference."""

    def __init__(self, request, model):
        self.request, self.model = request, model
        self.number, self.lists, self.outputs = None, [], [PREDICT]

    def read(self, body, serving):
        content = json_of(body)
        if not isinstance(content, dict) or not isinstance(content.get("inputs"), list) or not content["inputs"]:
            raise Refusal(400, 'the body must be {"inputs": [{"name": …, "shape": […], "datatype": …, "data": […]}, …]}')
        self.number = content.get("id")
        if self.number is not None and type(self.number) not in (str, int):
            raise Refusal(400, "id must be a string")
        self.outputs = self._wanted(content.get("outputs"))
        self.lists = rows_of([Tensor(tensor, place) for place, tensor in enumerate(content["inputs"])], serving)

    def _wanted(self, outputs):
        if not outputs:
            return [PREDICT]
        names = [output.get("name") if isinstance(output, dict) else None for output in outputs] if isinstance(outputs, list) else [None]
        for name in names:
            if name not in (PREDICT, CHANCES):
                told = repr(name[:40]) if isinstance(name, str) else "without a name"
                raise Refusal(400, f"unknown output {told}; available: {PREDICT}, {CHANCES}")
        return names

    def answer(self, answers, serving):
        own = [answer[self.model] for answer in answers]
        self.request.scope["rows"] = len(own)
        answer = {"model_name": self.model, "model_version": serving.version}
        if self.number is not None:
            answer["id"] = self.number
        return answer | {"outputs": [self._output(name, own) for name in self.outputs]}

    def _output(self, name, answers):
        if name == PREDICT:
            # A class or a value; labels.csv names more of a class behind it.
            said = [next(iter(answer.values())) for answer in answers]
            kind = datatype(said)
            return {"name": name, "shape": [len(said)], "datatype": kind, "data": list(map(str, said)) if kind == "BYTES" else said}
        chances = [list(answer.get("probabilities", {}).values()) for answer in answers]
        if not chances[0]:
            raise Refusal(400, f"{self.model} gives no probabilities")
        return {"name": name, "shape": [len(chances), len(chances[0])], "datatype": "FP64", "data": [one for row in chances for one in row]}


class Tensor:
    """An input."""

    def __init__(self, content, place):
        where = f"inputs[{place}]"
        if not isinstance(content, dict):
            raise Refusal(400, f"{where} is not an object")
        parameters = content.get("parameters")
        if isinstance(parameters, dict) and "binary_data_size" in parameters:
            raise Refusal(400, f"{where} is binary: send it as JSON (binary_data=False)")
        self.name, self.shape, self.where = content.get("name"), content.get("shape"), where
        if not isinstance(self.name, str):
            raise Refusal(400, f"{where} has no name")
        if not isinstance(content.get("datatype"), str) or content["datatype"] not in KNOWN:
            raise Refusal(400, f"{where} must have a datatype of the protocol, such as FP64, INT64, BOOL or BYTES")
        if not isinstance(self.shape, list) or not 1 <= len(self.shape) <= 2 or not all(type(size) is int and size >= 0 for size in self.shape):
            raise Refusal(400, f"{where} must have a shape of one or two numbers: rows, or rows and columns")
        if not isinstance(content.get("data"), list):
            raise Refusal(400, f"{where} has no data")
        data, self.data = content["data"], flat(content["data"])
        self.rows, self.width = self.shape[0], self.shape[1] if len(self.shape) == 2 else 1
        if data is not self.data and len(self.shape) == 2 and {*map(len, data)} != {self.width}:
            raise Refusal(400, f"{where} has rows of {', '.join(map(str, sorted({*map(len, data)})[:4]))} values, its shape says {self.width}")
        if self.rows * self.width != len(self.data):
            raise Refusal(400, f"{where} has {len(self.data)} values, its shape says {self.rows * self.width}")


def flat(data):
    """Rows of values as one list; values as they are."""
    return [value for row in data for value in row] if data and all(isinstance(row, list) for row in data) else data


def rows_of(tensors, serving):
    """Lists of values in the order of the columns."""
    features = serving.features
    first = tensors[0]
    if len(tensors) == 1 and (first.width > 1 or first.name not in features):
        if first.width != len(features):
            raise Refusal(400, f"{first.where} has {first.width} columns, the models need {len(features)}")
        return [first.data[begin : begin + first.width] for begin in range(0, len(first.data), first.width)]
    columns = {}
    for tensor in tensors:
        if tensor.name not in features:
            known = ", ".join(features[:20]) + (", …" if len(features) > 20 else "")
            raise Refusal(400, f"{tensor.where}: there is no column {tensor.name[:40]!r}; the columns are: {known}")
        if tensor.name in columns:
            raise Refusal(400, f"{tensor.where}: the column {tensor.name!r} appears twice")
        if tensor.width != 1 or tensor.rows != first.rows:
            raise Refusal(400, f"{tensor.where} must have the shape [{first.rows}], one value for each row")
        columns[tensor.name] = tensor.data
    for column in serving.columns:
        if column.name not in columns:
            stand_in = serving.schema.unused.get(column.name)
            if stand_in is None and not column.optional:
                raise Refusal(400, f"inputs has no tensor {column.name!r}")
            columns[column.name] = [stand_in] * first.rows
    return [list(row) for row in zip(*(columns[name] for name in features))]


def datatype(values):
    """The data type of these values, as the protocol names it."""
    kinds = set(map(type, values))
    return {frozenset({bool}): "BOOL", frozenset({int}): "INT64"}.get(frozenset(kinds)) or ("FP64" if kinds and kinds <= {int, float} else "BYTES")
