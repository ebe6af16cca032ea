import Foundation
import Testing

@Suite("A CSV file")
struct DatasetTests {
    let folder: TemporaryFolder
    let python: Python

    init() async throws {
        python = try await Python.shared.value
        folder = try TemporaryFolder()
        try SmallData.write(to: folder.url)
    }

    @Test("that cannot be used is refused with its place")
    func refused() throws {
        let cases = [
            ("", ":1, column 1: must be 'Line', is missing"),
            ("Line\n", ":1, column 2: must be '# Letter', is missing"),
            ("Letter,Line,x\n0,0,1\n", ":1, column 1: must be 'Line', is 'Letter'"),
            ("Line,# Letter\n0,0\n", ":1: has no features after Line and # Letter"),
            ("Line,# Letter,x,\n0,0,1,2\n", ":1, column 4: has no name"),
            ("Line,# Letter,x, x\n0,0,1,2\n", ":1, column 4: 'x' is there twice"),
            ("Line,# Letter,x\n", ":1: has no rows below its header"),
            ("Line,# Letter,x\n0,0,1\n1,0\n", ":3: has 2 columns, the header 3"),
            (
                "Line,# Letter,x\n0,0,1,2\n",
                ":2: has 4 columns, the header 3 (a comma separates columns: write decimals with a point)"
            ),
            ("Line,# Letter,x\n0,0,1\n\n1,0,1\n", ":3: is empty: remove the line"),
            ("Line,# Letter,x\n1,0,1\n", ":2, column 1 (Line): must be 0, is '1': rows are numbered from 0"),
            (
                "Line,# Letter,x\n0,A,1\n",
                ":2, column 2 (# Letter): must be a class, a whole number from 0 to 999999999, is 'A'"
            ),
            (
                "Line,# Letter,x\n0,-1,1\n",
                ":2, column 2 (# Letter): must be a class, a whole number from 0 to 999999999, is '-1'"
            ),
            (
                "Line,# Letter,x\n0,0.0,1\n",
                ":2, column 2 (# Letter): must be a class, a whole number from 0 to 999999999, is '0.0'"
            ),
            (
                "Line,# Letter,x\n0,0,\n",
                ":2, column 3 (x): must be a finite number, is '': a missing value must be filled in, or its row left out"
            ),
            ("Line,# Letter,x\n0,0,one\n", ":2, column 3 (x): must be a finite number, is 'one'"),
            ("Line,# Letter,x\n0,0,inf\n", ":2, column 3 (x): must be a finite number, is 'inf'"),
            ("Line,# Letter,x\n0,0,1e999\n", ":2, column 3 (x): must be from -1e150 to 1e150, is '1e999'"),
            ("Line,# Letter,x\n0,0,1_000\n", ":2, column 3 (x): must be a finite number, is '1_000'"),
            ("Line,# Letter,x\n0,0,\"1\n", ":2: is not CSV: unexpected end of data"),
        ]
        let folders = (0..<cases.count).map { folder / "\($0)" }
        for (place, (text, _)) in zip(folders, cases) {
            try SmallData.write(to: place)
            try Data(text.utf8).write(to: place.appending(path: "test.csv"))
        }
        let answers = try answers(folders).split(separator: "\n").map(String.init)
        #expect(answers == zip(folders, cases).map { place, expected in "\(place.path)/test.csv\(expected.1)" })
    }

    @Test("that is not UTF-8 is refused with its line")
    func notText() throws {
        try (Data("Line,# Letter,x\n0,0,".utf8) + [0xFF]).write(to: folder / "test.csv")
        #expect(try answer() == "\(folder.url.path)/test.csv:2: is not UTF-8 (byte 0xff): save it as UTF-8\n")
    }

    @Test("that is not there is refused")
    func missing() throws {
        try FileManager.default.removeItem(at: folder / "test.csv")
        #expect(try answer() == "\(folder.url.path)/test.csv: cannot be read: No such file or directory\n")
    }

    @Test(
        "for tests that does not fit the one for training is refused",
        arguments: [
            ("Line,# Letter,x\n0,0,1\n", ":1: has 1 feature, train.csv 2"),
            ("Line,# Letter,y,x\n0,0,1,2\n", ":1, column 3: is 'y', in train.csv 'x'"),
            (
                "Line,# Letter,x,y\n0,0,1,2\n1,3,1,2\n",
                ":3, column 2 (# Letter): class 3 is not in train.csv, which has 0, 1, 2"
            ),
        ])
    func unfitting(text: String, problem: String) throws {
        try Data(text.utf8).write(to: folder / "test.csv")
        #expect(try answer() == "\(folder.url.path)/test.csv\(problem)\n")
    }

    @Test(
        "for training needs two classes and more rows than classes",
        arguments: [("0,0,1,2\n1,0,2,1\n", "1 class in 2 rows"), ("0,0,1,2\n1,1,2,1\n", "2 classes in 2 rows")])
    func tooSmall(rows: String, has: String) throws {
        try Data(("Line,# Letter,x,y\n" + rows).utf8).write(to: folder / "train.csv")
        #expect(
            try answer()
                == "\(folder.url.path)/train.csv: needs two classes or more, and more rows than classes; it has \(has)\n"
        )
    }

    @Test("may have a byte-order mark, Windows line ends, quotes, spaces and any way to write a number")
    func manyWays() throws {
        let text = "\u{FEFF}Line, # Letter ,x,\"y\"\r\n0, 1 , -1.5e-3,\"+2\"\r\n1,0,.5,3."
        try Data(text.utf8).write(to: folder / "test.csv")
        #expect(try answer() == "['x', 'y'] [[-0.0015, 2.0], [0.5, 3.0]] [1, 0]\n")
    }

    private func answer() throws -> String { try answers([folder.url]) }

    /// The test set that Python reads in each folder, or why it does not; one Python for all, for its start takes
    /// longest.
    private func answers(_ folders: [URL]) throws -> String {
        let script = """
            import dataset, pathlib, sys
            for folder in sys.argv[1].split(":"):
                try: test = dataset.read_pair(pathlib.Path(folder))[1]
                except dataset.DataError as error: print(error)
                else: print(test.features, test.rows.tolist(), test.truth.tolist())
            """
        return try python.run("-c", script, folders.map(\.path).joined(separator: ":"))
    }
}
