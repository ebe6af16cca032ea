import ForgeTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

@testable import ForgeCLI

@Suite("A stream of text")
struct TextStreamTests {
    @Test("writes all of it into a pipe that somebody made non-blocking, however slowly it is read")
    func full() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (from, to) = (ends[0], ends[1])
        #expect(fcntl(to, F_SETFL, O_NONBLOCK) == 0)
        let text = String(repeating: "0123456789abcdef", count: 1 << 16)
        let written = Mutex(false)
        // Beside Swift's own threads: it waits for what this one reads.
        Thread.detachNewThread {
            written.withLock { $0 = writeAll(text, to: to) }
            close(to)
        }
        var read: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1000)
        while case let count = Glibc.read(from, &piece, piece.count), count > 0 { read += piece[..<count] }
        #expect(written.withLock { $0 })
        #expect(read == Array(text.utf8))
        close(from)
    }

    @Test("knows a terminal, and how large it is where that is told")
    func terminal() throws {
        let terminal = try PseudoTerminal()
        let stream = TextStream.descriptor(terminal.descriptor)
        #expect(stream.isTerminal)
        #expect(stream.size() == nil)
        try terminal.resize(columns: 70, rows: 20)
        #expect(stream.size() == TextStream.Size(columns: 70, rows: 20))
        stream.write("a")
        #expect(terminal.written() == "a")
        let file = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        #expect(!TextStream.descriptor(file).isTerminal)
        #expect(TextStream.descriptor(file).size() == nil)
    }

    @Test("says that nothing can be written where the other end is gone")
    func gone() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        signal(SIGPIPE, SIG_IGN)
        close(ends[0])
        #expect(!writeAll("text", to: ends[1]))
        close(ends[1])
    }

    @Test("that is closed when the program begins is no place for files; what is told there goes nowhere")
    func closed() async throws {
        let scene = try Scene()
        try scene.write("cluster: 1\n", to: "desk/lab.yaml")
        for (closed, code, said) in [("2>&-", 3, 0), (">&-", 3, 1), (">&- 2>&-", 3, 0), ("<&- >&- 2>&-", 3, 0)] {
            let script = "\"$0\" plan lab.yaml \(closed); echo $?"
            let result = try await Binary.run(through: ["sh", "-c", script], in: scene)
            #expect(result.output.hasSuffix("\(code)\n"), "\(closed): \(result.output)")
            #expect(result.errors.isEmpty == (said == 0), "\(closed): \(result.errors)")
        }
    }
}
