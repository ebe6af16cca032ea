import ForgeCore
import Testing

@testable import ForgeLab

@Suite("This computer")
struct ThisComputerTests {
    /// Foundation takes the first page of a file of /proc for the whole; a lab once missed its own mounts that way.
    @Test("reads a file of /proc to its end")
    func longFile() throws {
        let maps = try #require(ThisComputer().read("/proc/self/smaps"))
        #expect(maps.utf8.count > 8 * 4096)
    }

    @Test("has no text for what is not a file")
    func noFile() {
        #expect(ThisComputer().read("/no/such/file") == nil)
        #expect(ThisComputer().read("/proc") == nil)
    }

    @Test("ends a program at its time limit, and says so")
    func timeLimit() async throws {
        let hangs = Command("sleep", "600").within(.milliseconds(20))
        #expect(try await ThisComputer().run(hangs).exit == .code(124))
        let problem = await #expect(throws: Problem.self) { try await ThisComputer().finish(hangs) }
        #expect(problem?.what == "`sleep 600` did not end within its time limit of 0 s")
        #expect(try await ThisComputer().run(Command("sh", "-c", "echo a; exit 124")).text == "a\n")
    }
}
