import Foundation
import Testing

/// A file as people have it, in the place of a test.csv whose training has the features x and y and the classes 0 to 2.
private struct OddFile {
    let name: String
    let content: Data
    /// Behind the file's name; nil: it is read as two rows, 1.5, 2 of class 0 and 3, 4 of class 1.
    let refused: String?

    init(_ name: String, _ content: String, _ refused: String? = nil) { self.init(name, Data(content.utf8), refused) }

    init(_ name: String, _ content: Data, _ refused: String? = nil) {
        (self.name, self.content, self.refused) = (name, content, refused)
    }

    private static let plain = "Line,# Letter,x,y\n0,0,1.5,2\n1,1,3,4\n"
    private static let missing = ": a missing value must be filled in, or its row left out"
    private static let comma = " (a comma separates columns: write decimals with a point)"
    private static let separated = "separate them by commas, and write decimals with a point"

    private static func row(_ text: String) -> String { "Line,# Letter,x,y\n\(text)\n1,1,3,4\n" }

    private static func utf16(_ text: String) -> Data {
        Data([0xFF, 0xFE]) + Data(text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
    }

    static let all = [
        OddFile("as it should be", plain),
        OddFile("no line end at the end", String(plain.dropLast())),
        OddFile("byte-order mark", "\u{FEFF}" + plain),
        OddFile("Windows line ends", plain.replacing("\n", with: "\r\n")),
        OddFile("old Mac line ends", plain.replacing("\n", with: "\r")),
        OddFile("old Mac line ends, none at the end", String(plain.dropLast()).replacing("\n", with: "\r")),
        OddFile("mixed line ends", "Line,# Letter,x,y\r\n0,0,1.5,2\r1,1,3,4\n"),
        OddFile("a quoted header", "\"Line\",\"# Letter\",\"x\",\"y\"\n0,0,1.5,2\n1,1,3,4\n"),
        OddFile(
            "all quoted", "\"Line\",\"# Letter\",\"x\",\"y\"\n\"0\",\"0\",\"1.5\",\"2\"\n\"1\",\"1\",\"3\",\"4\"\n"),
        OddFile(
            "all quoted, Windows line ends",
            "\"Line\",\"# Letter\",\"x\",\"y\"\r\n\"0\",\"0\",\"1.5\",\"2\"\r\n\"1\",\"1\",\"3\",\"4\"\r\n"
        ),
        OddFile("spaces", " Line , # Letter , x ,y \n 0 , 0 , 1.5 , 2\n1 ,1 ,\t3,4 \n"),
        OddFile("a byte-order mark before a quote", "\u{FEFF}\"Line\",# Letter,x,y\n0,0,1.5,2\n1,1,3,4\n"),
        OddFile("every way to write a number", row("0,0,+15e-1,.2E+1")),
        OddFile("classes with zeros in front", row("0,00,1.5,2")),
        OddFile("more zeros than needed", row("0,0,0001.500,2.")),

        OddFile("nothing", "", ":1, column 1: must be 'Line', is missing"),
        OddFile("an empty line", "\n", ":1, column 1: must be 'Line', is missing"),
        OddFile("a header alone", "Line,# Letter,x,y\n", ":1: has no rows below its header"),
        OddFile("no header", "0,0,1.5,2\n1,1,3,4\n", ":1, column 1: must be 'Line', is '0'"),
        OddFile("a comment first", "# data\n" + plain, ":1, column 1: must be 'Line', is '# data'"),
        OddFile("semicolons", plain.replacing(",", with: ";"), ":1: its columns are separated by ';': \(separated)"),
        OddFile(
            "semicolons and decimal commas", "Line;# Letter;x;y\n0;0;1,5;2\n",
            ":1: its columns are separated by ';': \(separated)"),
        OddFile("tabs", plain.replacing(",", with: "\t"), ":1: its columns are separated by a tab: \(separated)"),
        OddFile("bars", plain.replacing(",", with: "|"), ":1: its columns are separated by '|': \(separated)"),
        OddFile("decimal commas", row("0,0,1,5,2"), ":2: has 5 columns, the header 4" + comma),
        OddFile(
            "quoted decimal commas", row("0,0,\"1,5\",2"),
            ":2, column 3 (x): must be a finite number, is '1,5': write decimals with a point"),
        OddFile("a trailing comma", row("0,0,1.5,2,"), ":2: has 5 columns, the header 4" + comma),
        OddFile("a column too few", row("0,0,1.5"), ":2: has 3 columns, the header 4"),
        OddFile("an empty last line", plain + "\n", ":4: is empty: remove the line"),
        OddFile(
            "empty last lines of Windows", plain.replacing("\n", with: "\r\n") + "\r\n\r\n",
            ":4: is empty: remove the line"),
        OddFile("an empty line between", "Line,# Letter,x,y\n0,0,1.5,2\n\n1,1,3,4\n", ":3: is empty: remove the line"),
        OddFile("a last line of spaces", plain + "  \n", ":4: has 1 columns, the header 4"),
        OddFile("an empty cell", row("0,0,,2"), ":2, column 3 (x): must be a finite number, is ''" + missing),
        OddFile("NA", row("0,0,NA,2"), ":2, column 3 (x): must be a finite number, is 'NA'" + missing),
        OddFile("NaN", row("0,0,1.5,NaN"), ":2, column 4 (y): must be a finite number, is 'NaN'" + missing),
        OddFile("null", row("0,0,null,2"), ":2, column 3 (x): must be a finite number, is 'null'" + missing),
        OddFile("a question mark", row("0,0,?,2"), ":2, column 3 (x): must be a finite number, is '?'" + missing),
        OddFile("infinity", row("0,0,inf,2"), ":2, column 3 (x): must be a finite number, is 'inf'"),
        OddFile(
            "too large for a double", row("0,0,1e999,2"), ":2, column 3 (x): must be from -1e150 to 1e150, is '1e999'"),
        OddFile(
            "too large to be squared", row("0,0,1.5,-1e300"),
            ":2, column 4 (y): must be from -1e150 to 1e150, is '-1e300'"),
        OddFile("groups of thousands", row("0,0,1 234,2"), ":2, column 3 (x): must be a finite number, is '1 234'"),
        OddFile("underscores", row("0,0,1_234,2"), ":2, column 3 (x): must be a finite number, is '1_234'"),
        OddFile("digits of another script", row("0,0,١,2"), ":2, column 3 (x): must be a finite number, is '١'"),
        OddFile(
            "a space that is not to be broken", row("0,0,\u{A0}1.5,2"),
            ":2, column 3 (x): must be a finite number, is '\\xa01.5'"),
        OddFile("hexadecimal", row("0,0,0x10,2"), ":2, column 3 (x): must be a finite number, is '0x10'"),
        OddFile("text", row("0,0,blue,2"), ":2, column 3 (x): must be a finite number, is 'blue'"),
        OddFile("True", row("0,0,True,2"), ":2, column 3 (x): must be a finite number, is 'True'"),
        OddFile("a date", row("0,0,2026-11-26,2"), ":2, column 3 (x): must be a finite number, is '2026-11-26'"),
        OddFile(
            "a number with a line break", row("0,0,\"1\n\",2"), ":2, column 3 (x): must be a finite number, is '1\\n'"),
        OddFile("a quote that is not closed", row("0,0,\"1.5,2"), ":2: is not CSV: unexpected end of data"),
        OddFile("something behind a quote", row("0,0,\"1.5\"x,2"), ":2: is not CSV: ',' expected after '\"'"),
        OddFile(
            "quotes behind a space", row("0,0, \"1.5\",2"), ":2, column 3 (x): must be a finite number, is ' \"1.5\"'"),
        OddFile("an id twice", row("1,0,1.5,2"), ":2, column 1 (Line): must be 0, is '1': rows are numbered from 0"),
        OddFile(
            "ids out of order", "Line,# Letter,x,y\n0,0,1,2\n2,1,3,4\n",
            ":3, column 1 (Line): must be 1, is '2': rows are numbered from 0"),
        OddFile(
            "a negative id", row("-1,0,1.5,2"), ":2, column 1 (Line): must be 0, is '-1': rows are numbered from 0"),
        OddFile(
            "a huge id", row("99999999999999999999,0,1.5,2"),
            ":2, column 1 (Line): must be 0, is '99999999999999999999': rows are numbered from 0"),
        OddFile(
            "an id with a point", row("0.0,0,1.5,2"),
            ":2, column 1 (Line): must be 0, is '0.0': rows are numbered from 0"),
        OddFile(
            "ids from 1", "Line,# Letter,x,y\n1,0,1,2\n2,1,3,4\n",
            ":2, column 1 (Line): must be 0, is '1': rows are numbered from 0"),
        OddFile(
            "a column more in front, as pandas writes it", ",Line,# Letter,x,y\n0,0,0,1,2\n",
            ":1, column 1: must be 'Line', is ''"),
        OddFile(
            "a class as text", row("0,A,1.5,2"),
            ":2, column 2 (# Letter): must be a class, a whole number from 0 to 999999999, is 'A'"),
        OddFile(
            "a class with a point", row("0,0.0,1.5,2"),
            ":2, column 2 (# Letter): must be a class, a whole number from 0 to 999999999, is '0.0'"),
        OddFile(
            "a huge class", row("0,1000000000,1,2"),
            ":2, column 2 (# Letter): must be a class, a whole number from 0 to 999999999, is '1000000000'"),
        OddFile(
            "a class that training never saw", row("0,0,1.5,2") + "2,7,1,1\n",
            ":4, column 2 (# Letter): class 7 is not in train.csv, which has 0, 1, 2"),
        OddFile("other names", "Line,# Letter,y,x\n0,0,1,2\n", ":1, column 3: is 'y', in train.csv 'x'"),
        OddFile("a name twice", "Line,# Letter,x,x\n0,0,1,2\n", ":1, column 4: 'x' is there twice"),
        OddFile(
            "two names that look the same", "Line,# Letter,\u{C5},A\u{30A}\n0,0,1,2\n",
            ":1, column 4: 'A\u{30A}' is there twice, composed of other Unicode characters"),
        OddFile("a name without a name", "Line,# Letter,x,\n0,0,1,2\n", ":1, column 4: has no name"),
        OddFile(
            "10,000 columns", "Line,# Letter" + (0..<10000).map { ",f\($0)" }.joined() + "\n",
            ":1: has no rows below its header"),
        OddFile("a NUL byte", row("0,0,1.5\0,2"), ":2: has a NUL byte: is it text?"),
        OddFile("a NUL byte in the header", "Line,# Letter,x\0,y\n", ":1: has a NUL byte: is it text?"),
        OddFile(
            "Latin-1", Data("Line,# Letter,caf".utf8) + [0xE9] + Data(",y\n0,0,1,2\n".utf8),
            ":1: is not UTF-8 (byte 0xe9): save it as UTF-8"),
        OddFile("UTF-16", utf16(plain), ": is UTF-16: save it as UTF-8"),
        OddFile("gzip", Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0]), ": is compressed with gzip: unpack it"),
        OddFile("a workbook", Data("PK\u{3}\u{4}rest".utf8), ": is a ZIP archive or an Excel workbook: save it as CSV"),
        OddFile(
            "a line of 5 MiB", row("0,0,1.5," + String(repeating: " ", count: 5 << 20) + "2"),
            ":2: is longer than 4194304 bytes"),
        OddFile(
            "a cell of 200 kB", row("0,0,1.5," + String(repeating: "0", count: 200_000)),
            ":2: is not CSV: field larger than field limit (131072)"),
    ]
}

@Suite("A file as people have it")
struct OddFileTests {
    @Test("is read in one and the same way by the build, the service and batch inference, or refused with its place")
    func all() async throws {
        let python = try await Python.shared.value
        let folder = try TemporaryFolder()
        for (place, file) in OddFile.all.enumerated() {
            try SmallData.write(to: folder / "\(place)")
            try file.content.write(to: folder / "\(place)/test.csv")
        }
        let said = try python.run("-c", Self.readers, folder.url.path, "\(OddFile.all.count)")
        let answers = said.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        #expect(answers.count == OddFile.all.count)
        for (file, answer) in zip(OddFile.all, answers) {
            #expect(answer == file.refused ?? "[[1.5, 2.0], [3.0, 4.0]] [0, 1] three readers agree", "\(file.name)")
        }
    }

    @Test(
        "for training is refused when rows of a class are the same once models have scaled them",
        arguments: [
            (
                "one feature", "x", "0,0,1\n1,0,2\n2,1,-1\n3,1,-5\n",
                "with one feature, every row becomes 1 or -1: give two features or more"
            ),
            (
                "all columns constant", "x,y", "0,0,3,4\n1,0,3,4\n2,1,3,4\n",
                "give rows of a class that differ in more than their size"
            ),
            (
                "all zero", "x,y", "0,0,0,0\n1,0,0,0\n2,1,0,0\n",
                "give rows of a class that differ in more than their size"
            ),
            (
                "too small to be squared", "x,y", "0,0,1e-320,2e-320\n1,0,3e-320,1e-320\n2,1,0,0\n",
                "give rows of a class that differ in more than their size"
            ),
        ])
    func cannotBeTrained(name: String, header: String, rows: String, advice: String) async throws {
        let folder = try TemporaryFolder()
        for file in ["train.csv", "test.csv"] {
            try Data("Line,# Letter,\(header)\n\(rows)".utf8).write(to: folder / file)
        }
        let end = try await Python.shared.value.end(
            of: "train.py", "--data", folder.url.path, "--models", (folder / "models").path)
        #expect(end.status == 1)
        #expect(
            end.errors
                == "\(folder.url.path)/train.csv: cannot be trained on: models see each row divided by its length (its L2 norm), "
                + "and then all rows of a class are the same; \(advice)\n", "\(name)")
    }

    @Test("with a line break in a name is served and predicted like any other")
    func lineBreak() async throws {
        let python = try await Python.shared.value
        let folder = try TemporaryFolder()
        for (file, text) in [("train.csv", SmallData.train), ("test.csv", SmallData.test)] {
            try Data(text.replacing("x,y", with: "\"width\n(mm)\",y").utf8).write(to: folder / file)
        }
        _ = try python.run("train.py", "--data", folder.url.path, "--models", (folder / "models").path)
        let script = """
            import pathlib, sys, os, json
            folder = pathlib.Path(sys.argv[1])
            import api, dataset, inputs, metadata, models, shards
            client = api.create_app(folder, folder / "models").test_client()
            print(client.get("/line/29").json["features"], client.get("/readyz").status_code)
            trained = metadata.Trained(folder / "models")
            pieces = shards.Shards(folder / "shards", 3, trained.golden())
            (folder / "input.csv").write_bytes((folder / "test.csv").read_bytes())
            pieces.take_input(folder / "input.csv", "input")
            both = models.load(trained)
            content = (folder / "shards/input.csv").read_bytes()
            import io
            for number in range(3):
                first, parts = pieces.slice(number)
                part = io.BytesIO(b"".join(content[begin:end] for begin, end in parts))
                layout, reader, rows = inputs.begin(part, "input", trained.golden())
                places, features, truth = next(inputs.chunks(rows, layout, first - reader.line - 1))
                print(first, places[0], places[-1], both.score(dataset.Dataset([], features, __import__("numpy").array(truth), "")))
            """
        let digest = try ServiceFiles.sha256(Data(contentsOf: folder / "test.csv"))
        let said = try python.run("-c", script, folder.url.path)
        #expect(
            said == """
                {'width\\n(mm)': -8.75, 'y': -9.25} 200
                input: 30 rows, sha256 \(digest)
                3 0 9 {'lda': 1.0, 'mlp': 1.0}
                13 10 19 {'lda': 1.0, 'mlp': 1.0}
                23 20 29 {'lda': 1.0, 'mlp': 1.0}

                """)
    }

    /// One line for each folder: what the pair of files is read as, and whether batch inference and its slices read the
    /// same.
    private static let readers = """
        import contextlib, dataset, inputs, io, pathlib, shards, sys, table, json
        for place in range(int(sys.argv[2])):
            folder = pathlib.Path(sys.argv[1], str(place))
            try:
                test = dataset.read_pair(folder)[1]
            except table.DataError as error:
                print(str(error).removeprefix(f"{folder}/test.csv"))
                continue
            golden = {"features": test.features, "classes": 3}
            with (folder / "test.csv").open("rb") as stream:
                layout, reader, rows = inputs.begin(stream, "input", golden)
                numbers, features, truth = next(inputs.chunks(rows, layout))
            same = features.tolist() == test.rows.tolist() and truth == test.truth.tolist() and reader.sha256 == test.sha256
            (folder / "copy.csv").write_bytes((folder / "test.csv").read_bytes())
            cut = shards.Shards(folder / "shards", 2, golden)
            with contextlib.redirect_stdout(io.StringIO()): cut.take_input(folder / "copy.csv", "input")
            content = (folder / "shards/input.csv").read_bytes()
            for number in range(2):
                parts = io.BytesIO(b"".join(content[begin:end] for begin, end in cut.slice(number)[1]))
                layout, reader, rows = inputs.begin(parts, "input", golden)
                same = same and next(inputs.chunks(rows, layout))[1].tolist() == test.rows.tolist()[number:number + 1]
            table.write_rows(folder / "rows.jsonl", table.read(folder / "test.csv"))
            same = same and [json.loads(line)["features"] for line in (folder / "rows.jsonl").open()] == test.rows.tolist()
            print(test.rows.tolist(), test.truth.tolist(), "three readers agree" if same else "readers differ")
        """
}
