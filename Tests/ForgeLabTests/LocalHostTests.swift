import ForgeCore
import Testing

@testable import ForgeLab

@Suite("This computer")
struct LocalHostTests {
    /// Foundation takes the first page of a file of /proc for the whole; a lab once missed its own mounts that way.
    @Test("reads a file of /proc to its end")
    func longFile() throws {
        let maps = try #require(LocalHost().read("/proc/self/smaps"))
        #expect(maps.utf8.count > 8 * 4096)
    }

    @Test("has no text for what is not a file")
    func noFile() {
        #expect(LocalHost().read("/no/such/file") == nil)
        #expect(LocalHost().read("/proc") == nil)
    }

    private static let limit = Duration.seconds(600)

    @Test(
        "ends a program that takes too long, with all that it started, and says what it was at",
        .timeLimit(.minutes(1)))
    func timeLimit() async throws {
        let (lines, line) = AsyncStream<String>.makeStream()
        // Its time is over as soon as it has printed something.
        let computer = LocalHost(wait: { duration in
            guard duration == Self.limit else { return try await Task.sleep(for: duration) }
            for await _ in lines { return }
        })
        let command = Command("sh", "-c", "sleep 600 & echo $!; wait").within(Self.limit)
        let problem = try await #require(throws: Problem.self) {
            try await computer.run(command) { line.yield($0.text) }
        }
        #expect(
            problem.what
                == "`sh -c 'sleep 600 & echo $!; wait'` was ended, because it took too long (600 s on this computer)")
        let why = try #require(problem.why)
        let process = try #require(why.split(separator: " ").last.map(String.init))
        #expect(why.contains(", process \(process), was in state "), "\(why)")
        #expect(why.hasSuffix("; the last that it printed is: \(process)"), "\(why)")
        // Whoever has ended and is not fetched yet has no command line any more; the kernel may take a moment to end
        // it.
        while let line = LocalHost().read("/proc/\(process)/cmdline"), !line.isEmpty {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test("gives up what does not end when it is killed, and says how to look at it")
    func stuck() async throws {
        let (lines, line) = AsyncStream<String>.makeStream()
        let computer = LocalHost(
            wait: { duration in
                guard duration == Self.limit else { return }
                for await _ in lines { return }
            },
            // The kernel does not let it die.
            kill: { _ in })
        let command = Command("sh", "-c", "echo $$; exec sleep 600").within(Self.limit)
        let problem = try await #require(throws: Problem.self) {
            try await computer.run(command) { line.yield($0.text) }
        }
        let process = try #require(problem.why?.split(separator: " ").last.flatMap { Int32($0) })
        LocalHost().kill(process)
        #expect(
            problem.what.hasSuffix("does not end, not even when it is killed (600 s on this computer)"), "\(problem)")
        #expect(problem.fix?.hasPrefix("look at it with `ps -o pid,stat,wchan,args -p \(process)`; ") == true)
    }
}
