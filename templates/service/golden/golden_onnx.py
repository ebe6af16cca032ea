"""Which classes does an ONNX file name? ONNX Runtime tells no attributes and constants of a graph: its bytes are read here (protobuf)."""

LABELS = (b"classlabels_strings", b"classlabels_int64s", b"classlabels_ints")
GRAPH, NODE, CONSTANT = 7, 1, 5  # fields of ModelProto and GraphProto
ATTRIBUTE, NAME, WHOLE, TEXTS = 5, 1, 8, 9  # of NodeProto and AttributeProto
SIZES, KIND, SHORTS, WORDS, LONGS, RAW = 1, 2, 5, 6, 7, 9  # of TensorProto
INT32, INT64, TEXT = 6, 7, 8  # kinds of TensorProto
MOST = 1 << 20  # bytes of a constant that could be the names of classes


def labels_in(content):
    """Lists of classes that the file may mean: those of its classifiers first, then constants of one dimension."""
    named, constants = [], []
    for field, graph in fields(memoryview(content)):
        for part, value in fields(graph) if field == GRAPH else ():
            if part == NODE:
                named += [labels for number, one in fields(value) if number == ATTRIBUTE for labels in attribute(one)]
            elif part == CONSTANT and len(value) <= MOST:
                constants += tensor(value)
    return named + constants


def attribute(message):
    """[its list] if an attribute names classes."""
    parts = fields(message)
    field, name = next(parts, (None, b""))
    if field != NAME or bytes(name) not in LABELS:
        return []
    labels = []
    for field, value in parts:
        if field == TEXTS:
            labels.append(bytes(value).decode("utf-8", "replace"))
        elif field == WHOLE:
            labels += longs(value)
    return [labels] if labels else []


def tensor(message):
    """[its values] if a tensor is a list of texts or whole numbers."""
    sizes, kind, labels = [], None, []
    for field, value in fields(message):
        if field == SIZES:
            sizes += longs(value)
        elif field == KIND:
            kind = value
        elif field in (SHORTS, LONGS):
            labels += longs(value)
        elif field == WORDS:
            labels.append(bytes(value).decode("utf-8", "replace"))
        elif field == RAW and kind in (INT32, INT64):
            width = 8 if kind == INT64 else 4
            labels += [int.from_bytes(value[place:place + width], "little", signed=True) for place in range(0, len(value), width)]
    return [labels] if kind in (INT32, INT64, TEXT) and len(sizes) == 1 and len(labels) == sizes[0] else []


def longs(value):
    """The numbers of a field that may be packed."""
    if isinstance(value, int):
        return [signed(value)]
    found, place = [], 0
    while place < len(value):
        number, place = varint(value, place)
        found.append(signed(number))
    return found


def signed(number):
    return number - (1 << 64) if number >> 63 else number


def fields(message):
    """(number, value) of each field of a message; a value is a number, or bytes."""
    place = 0
    while place < len(message):
        key, place = varint(message, place)
        wire = key & 7
        if wire == 0:
            value, place = varint(message, place)
        else:
            length, place = (8, place) if wire == 1 else (4, place) if wire == 5 else varint(message, place)
            value, place = message[place:place + length], place + length
        yield key >> 3, value


def varint(message, place):
    number = shift = 0
    while True:
        byte = message[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place
