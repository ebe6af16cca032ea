import Foundation
import Testing

@Suite("Batch inference")
struct InferenceTests {
    let directory: TemporaryDirectory
    let python: Python
    let training: Training

    init() async throws {
        python = try await Python.shared.value
        training = try await Training.small.value
        directory = try TemporaryDirectory()
    }

    @Test("predicts the image's own test set as training did, and says what it does")
    func ownData() async throws {
        let training = try await Training.generated.value
        let end = try python.inference(["--results", directory.url.path], over: training)
        #expect(end.errors == "")
        let (lda, mlp) = (training.golden.score["lda"]!, training.golden.score["mlp"]!)
        #expect(
            end.output.split(separator: "\n").dropFirst() == [
                "\(training.data.path)/test.csv: from line 2 on, with truth", "1300 rows predicted",
                "lda \(String(format: "%.3f", lda))", "mlp \(String(format: "%.3f", mlp))",
                "\(directory.url.path)/predictions.csv and \(directory.url.path)/scores.json are written",
            ])
        #expect(
            try text("scores.json").hasPrefix(
                #"{"rows": 1300, "score": {"lda": \#(lda), "mlp": \#(mlp)}, "scores": {"lda": {"accuracy": \#(lda), "#))
        let header = "row,lda_number,lda_letter,mlp_number,mlp_letter,truth_number,truth_letter\n"
        let rows = training.golden.rows.map { row in
            "\(row.line)," + [row.lda, row.mlp, row.truth].map { "\($0.number),\($0.letter)" }.joined(separator: ",")
                + "\n"
        }
        #expect(try text("predictions.csv") == header + rows.joined())
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.url.path).sorted() == [
                "predictions.csv", "scores.json",
            ])
    }

    @Test("takes rows without truth, with gaps between their numbers, and knows no score then")
    func withoutTruth() throws {
        try write("Line,x,y\n3,10,1\n7, -10 ,\"-8\"\n")
        let end = try run(["--input", input, "--results", directory.url.path])
        #expect(end.errors == "")
        #expect(try text("scores.json") == #"{"rows": 2, "score": null, "scores": null, "drift": {}}"# + "\n")
        #expect(
            try text("predictions.csv") == "row,lda_number,lda_letter,mlp_number,mlp_letter\n3,0,A,0,A\n7,2,C,2,C\n")
    }

    @Test("finds columns by their names, in any order, and leaves others alone")
    func byName() throws {
        try write("y,comment,x\n1,first,10\n10,\"second, row\",1\n")
        let end = try run(["--input", input, "--results", directory.url.path, "--keep", "comment,y"])
        #expect(end.errors == "")
        #expect(
            try text("predictions.csv") == """
                row,lda_number,lda_letter,mlp_number,mlp_letter,comment,y
                0,0,A,0,A,first,1
                1,1,B,1,B,"second, row",10

                """)
        let other = try run(["--input", input, "--results", directory.url.path, "--keep", "remark"])
        #expect(
            other.errors
                == "\(input):1: has no column 'remark', which is to be kept; it has 'y', 'comment', 'x'\n")
    }

    @Test("keeps all columns but the rows' own names, those that are named as answers under names of their own")
    func keepsAll() throws {
        try write("Line,lda_number,y,x,\"a, b\",row\n7,z,1,10,,r\n8,z,10,1,\"two\nlines\",r\n")
        let end = try run(["--input", input, "--results", directory.url.path, "--keep", "all"])
        #expect(end.errors == "")
        let header = "row,lda_number,lda_letter,mlp_number,mlp_letter,Line,input_lda_number,y,x,\"a, b\",input_row\n"
        #expect(
            try text("predictions.csv") == header + """
                7,0,A,0,A,7,z,1,10,,r
                8,1,B,1,B,8,z,10,1,"two
                lines",r

                """)
        let quoted = try run(["--input", input, "--results", directory.url.path, "--keep", "x,\"a, b\",x"])
        #expect(quoted.errors == "")
        #expect(try text("predictions.csv").hasPrefix("row,lda_number,lda_letter,mlp_number,mlp_letter,x,\"a, b\"\n"))
    }

    @Test(
        "refuses an input with its place, and writes nothing",
        arguments: [
            ("", ":1: has no header: its first line must name the columns"),
            ("x,y\n", ":1: has no rows below its header"),
            ("Line\n", ":1: has no column 'x', 'y'; it has 'Line'"),
            ("Line,# Letter,x\n", ":1: has no column 'y'; it has 'Line', '# Letter', 'x'"),
            ("Line,x,y,x\n", ":1, column 4: 'x' appears twice"),
            (
                "Line,x,y\u{200B}\n0,1,2\n",
                """
                :1, column 3: 'y\\u200b' has a character that cannot be seen (U+200B, zero width space): remove it
                """
            ),
            (
                "sep=;\nLine;x;y\n0;1;2\n",
                ":1: is not the header, but tells Excel the separator ('sep=;'): remove this line"
            ),
            ("Line,x,y\n", ":1: has no rows below its header"),
            ("Line,x,y\n0,1\n", ":2: has 2 columns, the header 3"),
            ("Line,x,y\n0,1,one\n", ":2, column 3 (y): must be a finite number, is 'one'"),
            ("Line,x,y\n0,,1\n", ":2, column 2 (x): is missing (''): fill it in, or leave the row out"),
            ("Line,x,y\n0,1 2,1\n", ":2, column 2 (x): must be a finite number, is '1 2'"),
            ("Line,x,y\n0,1e999,1\n", ":2, column 2 (x): must be from -1e150 to 1e150, is '1e999'"),
            (
                "Line,# Letter,x,y\n0,3,1,2\n",
                ":2, column 2 (# Letter): must be a class that models know (0, 1, 2), is '3'"
            ),
            (
                "Line,x,y\n0,\"1,107\",1\n",
                """
                :2, column 2 (x): must be a finite number, is '1,107': write 1107 if the comma separates thousands, \
                1.107 if it is a decimal comma
                """
            ),
            (
                "Line;x;y\n0;0,5;1.107\n1;1,5;900\n",
                """
                :2, column 3 (y): is '1.107', and the file has decimal commas, too: write 1107 if the point separates \
                thousands, 1,107 if it is a decimal point
                """
            ),
            (
                "Line,x,y\n0,\"1,2\n",
                """
                :2, column 2 (x): begins with a quote (\") that is not closed: close it, and write a quote within a \
                cell twice (\"\")
                """
            ),
        ])
    func refused(content: String, reason: String) throws {
        try write(content)
        let end = try run(["--input", input, "--results", (directory / "results").path])
        #expect(end.status == 1)
        #expect(end.errors == "\(input)\(reason)\n")
        #expect(!FileManager.default.fileExists(atPath: (directory / "results/predictions.csv").path))
    }

    @Test("leaves earlier results whole when an input turns out bad in its last row")
    func keepsOldResults() throws {
        try write("Line,x,y\n0,10,1\n")
        _ = try run(["--input", input, "--results", (directory / "results").path])
        let before = try text("results/predictions.csv")
        try write("Line,x,y\n" + (0..<1500).map { "\($0),1,10\n" }.joined() + "1500,1,x\n")
        let end = try run(["--input", input, "--results", (directory / "results").path])
        #expect(end.errors == "\(input):1502, column 3 (y): must be a finite number, is 'x'\n")
        #expect(try text("results/predictions.csv") == before)
        let left = try FileManager.default.contentsOfDirectory(atPath: (directory / "results").path).sorted()
        #expect(left == ["predictions.csv", "scores.json"])
    }

    @Test(
        "says why an input cannot be had, without what may be a password",
        arguments: [
            ("/nowhere.csv", "/nowhere.csv: cannot be read: No such file or directory"),
            (
                "http://127.0.0.1:1/a.csv?token=secret",
                "http://127.0.0.1:1/a.csv: cannot be reached: Connection refused"
            ),
            (
                "http://user:secret@127.0.0.1:1/a.csv",
                "http://127.0.0.1:1/a.csv: cannot be reached: Connection refused"
            ),
            ("ftp://host/a.csv", "ftp://host/a.csv: is not an address with http:// or https://"),
            (
                "http://no host/a.csv",
                """
                http://no host/a.csv: cannot be reached: it is not an address: write http://HOST:PORT/PATH, with %20 \
                for a space
                """
            ),
            (
                "http://127.0.0.1:x/a",
                """
                http://127.0.0.1:x/a: cannot be reached: it is not an address: write http://HOST:PORT/PATH, with %20 \
                for a space
                """
            ),
        ])
    func unreachable(source: String, reason: String) throws {
        let end = try run(["--input", source, "--results", directory.url.path])
        #expect(end.status == 1)
        #expect(end.errors == reason + "\n")
    }

    @Test("reads an address, and notices an answer that breaks off")
    func address() throws {
        let script = """
            import http.server, subprocess, sys, threading
            content = b"Line,x,y\\n0,10,1\\n1,1,10\\n"
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200); self.send_header("Content-Length", str(len(content) + ("broken" in \
            self.path))); self.end_headers()
                    self.wfile.write(content)
                def log_message(self, *_): pass
            server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for name in ("whole", "broken"):
                program = [sys.executable, "inference.py", "--input", f"http://127.0.0.1:{server.server_port}/{name}", \
            "--results", sys.argv[1]]
                end = subprocess.run(program, capture_output=True, text=True)
                print(end.returncode, end.stderr.replace(str(server.server_port), "PORT"), end="")
            """
        let end = try LocalProgram.run(
            [python.executable, "-c", script, directory.url.path], in: ServiceFiles.sources,
            environment: ["MODELS_DIR": training.models.path])
        #expect(end.output == "0 1 http://127.0.0.1:PORT/broken: ended 1 bytes too early\n")
        #expect(try text("predictions.csv").hasSuffix("\n1,1,B,1,B\n"))
    }

    @Test("shows the user and the password of an address to its server, and not to another that it sends us on to")
    func password() throws {
        let script = """
            import http.server, subprocess, sys, threading
            content = b"Line,x,y\\n0,10,1\\n1,1,10\\n"
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    print(self.path, self.headers["Host"] == f"127.0.0.1:{server.server_port}", \
            self.headers["Authorization"], flush=True)
                    if self.path == "/moved":
                        self.send_response(302); self.send_header("Location", "/rows?a=b"); \
            self.send_header("Content-Length", "0")
                        return self.end_headers()
                    self.send_response(200); self.send_header("Content-Length", str(len(content))); self.end_headers()
                    self.wfile.write(content)
                def log_message(self, *_): pass
            server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            for address in ("ann:s%40cret@127.0.0.1:{}/rows?t=1", "ann@127.0.0.1:{}/rows", "127.0.0.1:{}/rows", \
            "ann:x@127.0.0.1:{}/moved"):
                source = "http://" + address.format(server.server_port)
                program = [sys.executable, "inference.py", "--input", source, "--results", sys.argv[1]]
                end = subprocess.run(program, capture_output=True, text=True)
                if end.returncode: print(end.stderr)
                if "cret" in end.stdout + end.stderr: print("told:", end.stdout, end.stderr)
            """
        let end = try LocalProgram.run(
            [python.executable, "-c", script, directory.url.path], in: ServiceFiles.sources,
            environment: ["MODELS_DIR": training.models.path])
        #expect(
            end.output == """
                /rows?t=1 True Basic \(Data("ann:s@cret".utf8).base64EncodedString())
                /rows True Basic \(Data("ann:".utf8).base64EncodedString())
                /rows True None
                /moved True Basic \(Data("ann:x".utf8).base64EncodedString())
                /rows?a=b True None

                """)
    }

    private var input: String { (directory / "input.csv").path }

    private func write(_ content: String) throws { try directory.write("input.csv", content) }

    private func text(_ name: String) throws -> String { try directory.text(name) }

    private func run(_ arguments: [String]) throws -> LocalProgram {
        try python.inference(arguments, over: training)
    }
}
