import ForgeCore
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgePlan

/// A machine that was reset while dpkg worked: apt refuses everything until that is finished.
@Suite("Packages after an interrupted installation")
struct InterruptedPackagesTests {
    /// apt-get and dpkg as they behave then; a file of the directory says what is wrong.
    private func programs(_ directory: TemporaryDirectory) throws {
        let apt = """
            #!/bin/sh
            cd \(directory.path.shellQuoted); echo "apt-get $*" >>log
            case "$*" in *--fix-broken*)
              [ ! -e stuck ] || { echo 'E: Unable to correct problems, you have held broken packages.' >&2; exit 100; }
              rm -f broken; exit 0;;
            *--reinstall*) rm -f halves; exit 0;;
            esac
            if [ -e halves ]; then
              echo ' dependency problems - leaving unconfigured'
              echo 'E: Sub-process /usr/bin/dpkg returned an error code (1)' >&2; exit 100
            fi
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
            cd \(directory.path.shellQuoted); echo "dpkg $*" >>log
            [ ! -e stuck ] || { echo 'dpkg: error processing package x (--configure): installed x package \
            post-installation script' >&2; exit 1; }
            rm -f interrupted
            [ ! -e halves ] || { echo 'dpkg: dependency problems prevent configuration of kubelet:' >&2; exit 1; }
            """
        let query = """
            #!/bin/sh
            case "$*" in *'|'*) exit 1;; esac
            echo 'ok adduser=3.137'; cd \(directory.path.shellQuoted)
            [ ! -e halves ] || printf 'reinstreq %s\\n' 'kubectl=1.20.2-1.1' '$(id)=1' 'libc6:amd64=2.41-12'
            """
        try directory.write("dpkg-query", query, mode: 0o755)
        try directory.write("apt-get", apt, mode: 0o755)
        try directory.write("dpkg", dpkg, mode: 0o755)
    }

    private func install(_ states: String..., in directory: TemporaryDirectory) async throws -> (
        log: [String], told: [String]
    ) {
        try programs(directory)
        for state in states { try directory.write(state, "") }
        let told = Mutex<[String]>([])
        let machine = Machine(
            host: Example.host(), transport: LocalTransport(programs: directory.path),
            onNews: { news in if case .detail(let detail) = news { told.withLock { $0.append(detail.text) } } })
        try await Packages(["curl"], by: .apt).apply(to: machine)
        let lines = try directory.text("log").split(separator: "\n").map { line in
            if line.hasPrefix("dpkg") { return String(line) }
            if line.contains("--reinstall") { return "apt-get reinstall " + (line.split(separator: " -- ").last ?? "") }
            return line.contains("--fix-broken") ? "apt-get fix" : "apt-get install"
        }
        return (lines, told.withLock { $0 })
    }

    private static let configure = "dpkg --force-confdef --force-confold --configure -a"

    @Test("finish that first, once, and say so", arguments: [["interrupted"], ["broken"], ["interrupted", "broken"]])
    func healed(states: [String]) async throws {
        try await TemporaryDirectory.during { directory in
            for state in states { try directory.write(state, "") }
            let (log, told) = try await install(in: directory)
            #expect(log == ["apt-get install", Self.configure, "apt-get fix", "apt-get install"])
            #expect(told == ["an interrupted installation was finished"])
            let line = try directory.text("log").split(separator: "\n").first { $0.contains("--fix-broken") } ?? ""
            #expect(
                line.contains("--no-remove") && line.contains("--force-confold"), "nothing is removed, nothing asked")
        }
    }

    @Test("unpack anew what dpkg was unpacking, at its version: apt takes it for installed")
    func halves() async throws {
        try await TemporaryDirectory.during { directory in
            let (log, told) = try await install("halves", in: directory)
            #expect(
                log == [
                    "apt-get install", Self.configure, "apt-get reinstall kubectl=1.20.2-1.1 libc6:amd64=2.41-12",
                    "apt-get fix", "apt-get install",
                ])
            #expect(told == ["an interrupted installation was finished"])
        }
    }

    @Test("are installed at once where nothing was interrupted")
    func whole() async throws {
        try await TemporaryDirectory.during { directory in
            let (log, told) = try await install(in: directory)
            #expect(log == ["apt-get install"])
            #expect(told == [])
        }
    }

    @Test("name the program's own words where it cannot be finished, and how a person does")
    func stuck() async throws {
        try await TemporaryDirectory.during { directory in
            let problem = await #expect(throws: Problem.self) {
                try await install("interrupted", "stuck", in: directory)
            }
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
        try await TemporaryDirectory.during { directory in
            for name in ["updates", "info", "triggers", "state/lists/partial", "cache/archives/partial"] {
                try FileManager.default.createDirectory(atPath: directory.path(name), withIntermediateDirectories: true)
            }
            for name in ["status", "available", "updates/0001"] { try directory.write(name, "") }
            let options = [
                "Dir::State::status=\(directory.path)/status", "Dir::State=\(directory.path)/state",
                "Dir::Cache=\(directory.path)/cache",
            ]
            let apt = Command(
                ["env", "LC_ALL=C", "apt-get"] + options.flatMap { ["-o", Word($0)] } + ["-f", "install"])
            let refused = try await LocalTransport().run(apt)
            #expect(Apt.wantsRepair(refused), "\(refused.errorText)")
            var words = Apt.configure.words
            words.insert("--admindir=\(directory.path)", at: words.firstIndex(of: "dpkg")! + 1)
            let cured = try await LocalTransport().run(Command(words))
            #expect(cured.isSuccess, "\(cured.errorText)")
            #expect(try await !Apt.wantsRepair(LocalTransport().run(apt)))
        }
    }
}
