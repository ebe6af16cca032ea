import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Glibc
import Synchronization
import Testing

@testable import ForgeCLI

@Suite("A reporter that may stand still")
struct QueuedReporterTests {
    private func line(_ number: Int) -> Event {
        .output(host: "a", OutputLine(stream: .standardOutput, text: "\(number)"))
    }

    /// It stands still at the note `first`, tells that, and goes on when it is told to.
    private func standing(_ began: DispatchSemaphore, until goOn: DispatchSemaphore) -> Witness {
        Witness { event in
            if case .note("first") = event {
                began.signal()
                goOn.wait()
            }
        }
    }

    @Test(
        """
        is waited for by nobody who reports; lines beyond its room are dropped and counted, everything else is kept in \
        order
        """
    )
    func standsStill() {
        let (began, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let witness = standing(began, until: goOn)
        let lines = Lines()
        let queued = QueuedReporter(CompositeReporter([witness, lines]), hasLog: true, room: 3)
        queued.report(.note("first"))
        began.wait()
        // The terminal stands still now.
        for number in 1...5 { queued.report(line(number)) }
        queued.report(.note("last"))
        goOn.signal()
        queued.finish()
        #expect(lines.all == ["1", "2", "3"])
        #expect(
            witness.notes == [
                "first", "last", "2 lines are not shown: the output was blocked; the log has everything",
            ])
    }

    @Test("has room for ten thousand lines, and says of one, too, that it is not shown")
    func usualRoom() {
        let (began, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let witness = standing(began, until: goOn)
        let lines = Lines()
        let queued = QueuedReporter(CompositeReporter([witness, lines]))
        queued.report(.note("first"))
        began.wait()
        for number in 0...10_000 { queued.report(line(number)) }
        goOn.signal()
        queued.finish()
        #expect(lines.all.count == 10_000)
        #expect(lines.all.last == "9999")
        #expect(witness.notes == ["first", "1 line is not shown: the output was blocked"], "there is no log")
    }

    @Test("is waited for at the end also where nothing is left but what it is writing")
    func writing() {
        let slow = Slow()
        let queued = QueuedReporter(slow)
        queued.report(.note("a"))
        slow.began.wait()
        queued.finish()
        #expect(slow.isDone)
    }

    @Test("draws what goes on by itself on that thread: no task waits for a terminal")
    func draws() throws {
        let writes = Writes()
        let queued = QueuedReporter(ScreenReporter(.init(action: "provision"), try writes.terminal()), pause: 0.01)
        queued.report(.stepBegan(host: "a", title: "swap is off"))
        for _ in 1...30 { #expect(writes.next(), "it is drawn again without an event") }
        queued.report(.summary(Summary(outcome: .ok)))
        queued.finish()
        #expect(writes.threads.count == 1)
    }

    @Test("is not waited for by who names the hosts")
    func names() throws {
        let (writes, goOn, named) = (Writes(), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let screen = ScreenReporter(.init(action: "provision"), try writes.terminal { goOn.wait() })
        let queued = QueuedReporter(screen)
        queued.report(.note("a"))
        #expect(writes.next())
        // The terminal stands still now.
        Thread.detachNewThread {
            screen.expect(["a"])
            named.signal()
        }
        #expect(named.wait(timeout: .now() + 20) == .success)
        goOn.signal()
        queued.finish()
    }

    @Test("has written all at the end, also when it ends at once")
    func finishes() {
        let witness = Witness()
        let queued = QueuedReporter(witness)
        for number in 0..<100 { queued.report(.note("\(number)")) }
        queued.finish()
        queued.finish()
        #expect(witness.notes == (0..<100).map(String.init))
        QueuedReporter(Witness()).finish()
    }
}

private final class Lines: Reporter {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func report(_ event: Event) { if case .output(_, let line) = event { lines.withLock { $0.append(line.text) } } }
}

/// Takes a while for each event.
private final class Slow: Reporter {
    let began = DispatchSemaphore(value: 0)
    private let never = DispatchSemaphore(value: 0)
    private let written = Mutex(false)
    var isDone: Bool { written.withLock { $0 } }

    func report(_ event: Event) {
        began.signal()
        _ = never.wait(timeout: .now() + 0.3)
        written.withLock { $0 = true }
    }
}

/// A terminal that tells of each write, and on which threads these are.
private final class Writes: Sendable {
    private let seen = Mutex<Set<UInt>>([])
    private let count = DispatchSemaphore(value: 0)

    var threads: Set<UInt> { seen.withLock { $0 } }

    /// False when none came in time.
    func next() -> Bool { count.wait(timeout: .now() + 20) == .success }

    func terminal(_ body: @escaping @Sendable () -> Void = {}) throws -> ProcessEnvironment {
        var surroundings = try Scene().surroundings(terminal: .init(columns: 70, rows: 20))
        surroundings.progress.write = { _ in
            self.seen.withLock { _ = $0.insert(UInt(pthread_self())) }
            self.count.signal()
            body()
        }
        return surroundings
    }
}

@Suite("Output that nobody reads")
struct UnreadOutputTests {
    /// The two ends of a pipe, which no other program inherits.
    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(Glibc.pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    @Test("is told once where it cannot be written any longer")
    func once() {
        let (failure, told) = (OutputFailure(), Sheet())
        failure.onFailure { told.write("it failed") }
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        let stream = TextStream.descriptor(descriptor, onFailure: failure)
        stream.write("")
        #expect(told.text == "")
        stream.write("a\n")
        stream.write("b\n")
        #expect(told.text == "it failed")
    }

    @Test("fails a command that did all of its work", arguments: [("/dev/full", Int32(1)), ("/dev/null", 0)])
    func lost(output: String, code: Int32) async throws {
        let scene = try Scene()
        try scene.write("def load(directory):\n    return None\n", to: "desk/churn/model.py")
        try scene.write("age,churned\n41,yes\n42,no\n", to: "desk/churn/test.csv")
        let descriptor = open(output, O_WRONLY | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(try await Binary.run(["init", "--model", "churn"], in: scene, errors: descriptor) == code)
    }

    @Test("ends the run as Ctrl-C does where the pipe is closed")
    func closed() async throws {
        try await LoopbackServer.running(.silent) { port in
            let scene = try Scene()
            try scene.write(
                """
                cluster: silent
                kubernetes: 1.36.2
                hosts:
                  - { name: m, address: 10.0.0.1, role: control-plane, ssh: { address: 127.0.0.1, port: \(port) } }

                """, to: "desk/inventory.yaml")
            let (reading, writing) = try Self.pipe()
            close(reading)
            defer { close(writing) }
            // Otherwise it would wait for the host, and end with 4.
            #expect(try await Binary.run(["deploy", "--output", "json"], in: scene, errors: writing) == 130)
        }
    }

    @Test("does not stop the work: the run goes on to its end, and its log has it all")
    func full() async throws {
        let scene = try Scene()
        // A hundred problems, each with this name, are more than a pipe takes.
        let name = (0..<4).map { _ in String(repeating: "n", count: 250) + "/" }.joined() + "inventory.yaml"
        try scene.write((0..<200).map { "key\($0): 1\n" }.joined(), to: "desk/" + name)
        let (reading, writing) = try Self.pipe()
        defer { close(writing) }
        let code = try await Binary.run(["deploy", name], in: scene, errors: writing) {
            let end = ContinuousClock.now + .seconds(30)
            while !Self.log(scene).contains("== failed\n"), ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(Self.log(scene).contains("== failed\n"), "the run stands still with its output")
            close(reading)
        }
        #expect(code == 3)
    }

    private static func log(_ scene: Scene) -> String {
        let directory = scene.state.logs
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.map { (try? String(contentsOfFile: "\(directory)/\($0)", encoding: .utf8)) ?? "" }.joined()
    }
}
