import ForgeCore
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgePlan

/// A machine that was reset while dpkg worked: apt refuses everything until that is finished.
@Suite("Packages after an interrupted installation")
struct InterruptedPackagesTests {
    /// apt-get and dpkg as they behave then; a file of the folder says what is wrong.
    private func programs(_ folder: TemporaryFolder) throws {
        let apt = """
            #!/bin/sh
            cd \(folder.path.shellQuoted); echo "apt-get $*" >>log
            case "$*" in *--fix-broken*)
              [ ! -e stuck ] || { echo 'E: Unable to correct problems, you have held broken packages.' >&2; exit 100; }
              rm -f broken; exit 0;;
            esac
            if [ -e interrupted ]; then
              echo "E: dpkg was interrupted, you must manually run 'sudo dpkg --configure -a' to correct the problem. \
            " >&2; exit 100
            fi
            if [ -e broken ]; then
              echo "E: Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution)." \
            >&2; exit 100
            fi
            """
        let dpkg = """
            #!/bin/sh
            cd \(folder.path.shellQuoted); echo "dpkg $*" >>log
            [ ! -e stuck ] || { echo 'dpkg: error processing package x (--configure): installed x package \
            post-installation script' >&2; exit 1; }
            rm -f interrupted
            """
        try folder.write("apt-get", apt, mode: 0o755)
        try folder.write("dpkg", dpkg, mode: 0o755)
    }

    private func install(_ states: String..., in folder: TemporaryFolder) async throws -> (
        log: [String], told: [String]
    ) {
        try programs(folder)
        for state in states { try folder.write(state, "") }
        let told = Mutex<[String]>([])
        let machine = Machine(
            host: Example.host(), transport: LocalTransport(programs: folder.path),
            onNews: { news in if case .detail(let detail) = news { told.withLock { $0.append(detail.text) } } })
        try await Packages(["curl"]).apply(to: machine)
        let lines = try folder.text("log").split(separator: "\n").map { line in
            line.hasPrefix("dpkg") ? String(line) : line.contains("--fix-broken") ? "apt-get fix" : "apt-get install"
        }
        return (lines, told.withLock { $0 })
    }

    private static let configure = "dpkg --force-confdef --force-confold --configure -a"

    @Test("finish that first, once, and say so", arguments: [["interrupted"], ["broken"], ["interrupted", "broken"]])
    func healed(states: [String]) async throws {
        try await TemporaryFolder.during { folder in
            for state in states { try folder.write(state, "") }
            let (log, told) = try await install(in: folder)
            #expect(log == ["apt-get install", Self.configure, "apt-get fix", "apt-get install"])
            #expect(told == ["an installation that had been interrupted was finished"])
            let line = try folder.text("log").split(separator: "\n").first { $0.contains("--fix-broken") } ?? ""
            #expect(
                line.contains("--no-remove") && line.contains("--force-confold"), "nothing is removed, nothing asked")
        }
    }

    @Test("are installed at once where nothing was interrupted")
    func whole() async throws {
        try await TemporaryFolder.during { folder in
            let (log, told) = try await install(in: folder)
            #expect(log == ["apt-get install"])
            #expect(told == [])
        }
    }

    @Test("name the program's own words where it cannot be finished, and how a person does")
    func stuck() async throws {
        try await TemporaryFolder.during { folder in
            let problem = await #expect(throws: Problem.self) { try await install("interrupted", "stuck", in: folder) }
            #expect(
                problem?.why
                    == "dpkg: error processing package x (--configure): installed x package post-installation script")
            #expect(
                problem?.fix
                    == """
                    an earlier installation was interrupted, and cannot be finished: `sudo dpkg --configure -a` \
                    and `sudo apt-get -f install` on kubnode tell which package; repair or remove it, and run again
                    """)
        }
    }

    /// The real ones: what apt says of an interrupted dpkg, and that this cures it, also with a piece of its journal
    /// left.
    @Test(
        "are refused by the real apt in words that are known here, and the real dpkg takes the cure",
        .enabled(if: geteuid() == 0, "dpkg finishes nothing for another user"))
    func real() async throws {
        try await TemporaryFolder.during { folder in
            for name in ["updates", "info", "triggers", "state/lists/partial", "cache/archives/partial"] {
                try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
            }
            for name in ["status", "available", "updates/0001"] { try folder.write(name, "") }
            let options = [
                "Dir::State::status=\(folder.path)/status", "Dir::State=\(folder.path)/state",
                "Dir::Cache=\(folder.path)/cache",
            ]
            let apt = Command(
                ["env", "LC_ALL=C", "apt-get"] + options.flatMap { ["-o", Word($0)] } + ["-f", "install"])
            let refused = try await LocalTransport().run(apt)
            #expect(Apt.wantsRepair(refused), "\(refused.errorText)")
            var words = Apt.configure.words
            words.insert("--admindir=\(folder.path)", at: words.firstIndex(of: "dpkg")! + 1)
            let cured = try await LocalTransport().run(Command(words))
            #expect(cured.isSuccess, "\(cured.errorText)")
            #expect(try await !Apt.wantsRepair(LocalTransport().run(apt)))
        }
    }
}
