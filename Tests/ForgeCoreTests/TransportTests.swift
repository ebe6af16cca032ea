import Testing

@testable import ForgeCore

@Suite("An output")
struct OutputTests {
    @Test("gives as its reason the last line with something in it, of standard error first")
    func givesReason() {
        #expect(output("out\n", "warning\nE: no\n\n  \n").lastLine == "E: no")
        #expect(output("first\n  last \r\n", " \n").lastLine == "last")
        #expect(output("", "").lastLine == nil)
    }

    @Test("is kept up to 64 MiB of each stream")
    func limit() { #expect(Output.captureLimit == 67_108_864) }

    @Test("is a success only with exit code 0")
    func isSuccess() {
        #expect(Output(exit: .code(0)).isSuccess)
        #expect(!Output(exit: .code(1)).isSuccess)
        #expect(!Output(exit: .signal("KILL")).isSuccess)
        #expect(!Output(exit: .unknown).isSuccess)
    }

    private func output(_ text: String, _ errors: String) -> Output {
        Output(standardOutput: Array(text.utf8), standardError: Array(errors.utf8))
    }
}

@Suite("A line splitter")
struct LineSplitterTests {
    @Test(
        "gives the same lines, however the bytes arrive",
        arguments: [
            ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("\n\n", ["", ""]),
            ("a\r\nb\r\n", ["a", "b"]),
            ("grüße 👩‍🔬\nend", ["grüße 👩‍🔬", "end"]), ("10%\r20%\n", ["10%\r20%"]),
        ])
    func givesLines(text: String, lines: [String]) {
        for size in 1...max(1, text.utf8.count) {
            #expect(split(Array(text.utf8), by: size) == lines, "in pieces of \(size)")
        }
    }

    @Test("replaces what is not UTF-8, and goes on")
    func replaces() { #expect(split([0xFF, 10, 65], by: 1) == ["\u{FFFD}", "A"]) }

    @Test("gives a line that never ends in pieces of 1 MiB")
    func boundsLines() {
        let lines = split([UInt8](repeating: 65, count: (1 << 20) + 5), by: 1 << 16)
        #expect(lines.map(\.utf8.count) == [1 << 20, 5])
    }

    private func split(_ bytes: [UInt8], by size: Int) -> [String] {
        var splitter = LineSplitter()
        var lines: [String] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            splitter.add(bytes[start..<min(start + size, bytes.count)]) { lines.append($0) }
        }
        splitter.finish { lines.append($0) }
        return lines
    }
}
