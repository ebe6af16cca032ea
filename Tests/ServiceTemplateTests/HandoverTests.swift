import ForgeCore
import Foundation
import Testing

/// handover.py from both sides: who waits for a file, and who brings it.
@Suite("What is brought to a pod")
struct HandoverTests {
    let python: Python
    let directory: TemporaryDirectory

    init() async throws {
        python = try await Python.shared.value
        directory = try TemporaryDirectory()
    }

    private func bring(_ content: String, bytes: Int? = nil, sha256: String? = nil) throws -> LocalProgram {
        let digest = sha256 ?? SHA256.hex(content)
        return try LocalProgram.run(
            [
                python.executable, "handover.py", "directory", "--bytes", "\(bytes ?? content.utf8.count)", "--sha256",
                digest,
            ], input: Data(content.utf8), in: ServiceFiles.sources, environment: ["HANDOVER_DIR": directory.url.path])
    }

    private var arrived: [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: directory.url.path)) ?? []
    }

    @Test("is there when all of it has come, as it was sent; what comes after it is not read")
    func whole() throws {
        let end = try bring("all of it, and more", bytes: 9, sha256: SHA256.hex("all of it"))
        #expect(end.status == 0, "\(end.errors)")
        #expect(arrived == ["directory"])
        #expect(try String(contentsOf: directory / "directory", encoding: .utf8) == "all of it")
    }

    @Test("is not there when it was cut off or changed on the way, and can be brought again")
    func cutOff() throws {
        let cut = try bring("half", bytes: 8)
        #expect(cut.status == 1)
        #expect(cut.errors == "the directory is cut off: only 4 of 8 bytes arrived\n")
        #expect(arrived == [])
        let changed = try bring("half", sha256: SHA256.hex("HALF"))
        let (got, sent) = (SHA256.hex("half"), SHA256.hex("HALF"))
        #expect(changed.errors == "the directory is not what was sent: sha256 \(got), and \(sent) was sent\n")
        #expect(arrived == [])
        #expect(try bring("half").status == 0)
        #expect(arrived == ["directory"])
    }

    /// A clock that moves when somebody sleeps, and a file that grows or does not meanwhile.
    private let waiting = """
        import handover, pathlib, sys
        directory, grows = pathlib.Path(sys.argv[1]), int(sys.argv[2])
        class Clock:
            now = sleeps = 0
            @staticmethod
            def monotonic(): return Clock.now
            @staticmethod
            def sleep(_):
                Clock.now += 10
                Clock.sleeps += 1
                part = directory / ".arriving.x"
                if Clock.sleeps <= grows:
                    part.write_bytes(b"x" * Clock.sleeps)
                if Clock.sleeps == grows == 9:
                    part.rename(directory / "directory")
        handover.time = Clock
        try:
            print(handover.wait("directory", "the model directory", 15, directory).read_text())
        except handover.DataError as error:
            print(error, "after", Clock.now)
        """

    @Test("is waited for as long as something of it comes")
    func waited() throws {
        #expect(
            try python.run("-c", waiting, directory.url.path, "9") == "waiting for the model directory\nxxxxxxxxx\n")
    }

    @Test("is waited for no longer when nothing of it comes, from the beginning or after a while")
    func givenUp() throws {
        let given = "the model directory did not arrive: nothing was received for 15 seconds after"
        for (grows, seconds) in [(0, 20), (3, 50)] {
            #expect(
                try python.run("-c", waiting, directory.url.path, "\(grows)")
                    == "waiting for the model directory\n\(given) \(seconds)\n")
            try? FileManager.default.removeItem(at: directory / ".arriving.x")
        }
    }
}
