import ForgeCore
import ForgePlan
import Foundation
import Testing

@testable import ForgeCLI

@Suite("The log")
struct LogTests {
    @Test("holds everything, with every line that commands printed")
    func everything() throws {
        let scene = try Scene()
        let file = try LogFile(action: "provision", at: scene.surroundings.now(), in: scene.state)
        let log = LogReporter(file, now: scene.surroundings.now)
        for event in Story.events { log.report(event) }
        let lines = try String(contentsOfFile: file.path, encoding: .utf8).replacing("09:12:03.000  ", with: "")
        #expect(
            lines == """
                inventory lab.yaml   (named on the command line)
                == container runtime is ready
                  · kubnode  containerd is installed
                kubmaster  began containerd is installed
                kubmaster  | Unpacking containerd.io (2.2.1-1) ...
                  ✓ kubmaster  containerd is installed   (containerd.io: absent → 2.2.1)   12.4 s
                kubnode  began docker is installed
                kubnode  ! E: no candidate
                  ✗ kubnode  docker is installed   2.1 s
                      requirement not met: docker-ce: absent → 29.1.0
                ✗ kubnode: `apt-get install` failed with exit code 100
                  why  E: "docker-ce" has no
                       \tcandidate
                  fix  apt-cache madison docker-ce
                  ✗ /prediction/23                                      E                                 F            \
                                          3.2
                      expected  E
                      got       F
                ✗ something else
                == incomplete
                kubmaster: 1 changed, 0 would change, 0 unchanged, 0 failed; 3 round trips, 5120 bytes sent, 0 received
                kubnode: 0 changed, 0 would change, 1 unchanged, 1 failed; 2 round trips, 99 bytes sent, 0 received

                """)
    }

    @Test(
        "holds what pods of a run print, and not what a service prints without end",
        arguments: [(true, "a-1  | 433 rows\n"), (false, "")])
    func podLines(keeps: Bool, text: String) throws {
        let scene = try Scene()
        let file = try LogFile(action: "batch-run", at: scene.surroundings.now(), in: scene.state)
        let log = LogReporter(file, now: scene.surroundings.now, keepsPodLines: keeps)
        log.report(.podLine(PodLine(pod: "a-1", text: "433 rows")))
        #expect(try String(contentsOfFile: file.path, encoding: .utf8).replacing("09:12:03.000  ", with: "") == text)
        let plain = try LogFile(action: "logs", at: scene.surroundings.now(), in: scene.state)
        LogReporter(plain, now: scene.surroundings.now).report(.podLine(PodLine(pod: "a-1", text: "433 rows")))
        #expect(try String(contentsOfFile: plain.path, encoding: .utf8) == "")
    }

    @Test("has hosts in the order of their names, and what has several lines in one")
    func order() throws {
        let scene = try Scene()
        let file = try LogFile(action: "deploy", at: scene.surroundings.now(), in: scene.state)
        let log = LogReporter(file, now: scene.surroundings.now)
        let names = (1...9).map { "node\($0)" }
        let hosts = Dictionary(uniqueKeysWithValues: names.map { ($0, HostSummary()) })
        log.report(.summary(Summary(outcome: .ok, hosts: hosts)))
        log.write("a\n\nb")
        let lines = try String(contentsOfFile: file.path, encoding: .utf8).split(separator: "\n")
        #expect(lines.compactMap { $0.firstMatch(of: /node\d/).map { String($0.output) } } == names)
        #expect(lines.last == "09:12:03.000  a ⏎  ⏎ b")
    }

    @Test("counts a line of a program from the first that has no room", arguments: [(21, 1), (22, 2)])
    func room(limit: Int, written: Int) throws {
        let scene = try Scene()
        let file = try LogFile(action: "deploy", at: scene.surroundings.now(), in: scene.state)
        let log = LogReporter(file, now: scene.surroundings.now, limit: limit)
        // 21 bytes each, with the time and the newline.
        for text in ["y", "z"] { log.report(.output(host: "m", OutputLine(stream: .standardOutput, text: text))) }
        let text = try String(contentsOfFile: file.path, encoding: .utf8)
        #expect(text.utf8.count == 21 * written)
        let loss = "1 line that programs printed is not in the log, which has reached 0 MiB"
        #expect(log.loss == (written == 2 ? nil : loss))
    }

    @Test("says how much of it is missing where the disk is full, and why")
    func full() throws {
        let scene = try Scene()
        let file = LogFile("/dev/full", open("/dev/full", O_WRONLY | O_CLOEXEC))
        let log = LogReporter(file, now: scene.surroundings.now)
        #expect(log.loss == nil)
        log.write("0")
        #expect(log.loss == "1 line is not in the log, which cannot be written: No space left on device")
        log.report(.note("a\nb"))
        log.write("c")
        #expect(log.loss == "4 lines are not in the log, which cannot be written: No space left on device")
    }

    @Test("is a file of its own for each run, for its user only")
    func file() throws {
        let scene = try Scene()
        let first = try LogFile(action: "deploy", at: scene.surroundings.now(), in: scene.state)
        let second = try LogFile(action: "deploy", at: scene.surroundings.now(), in: scene.state)
        #expect(first.path == scene.state.logs + "/2026-11-21T09-12-03-deploy.log")
        #expect(second.path == scene.state.logs + "/2026-11-21T09-12-03-deploy-2.log")
        #expect(try FileManager.default.attributesOfItem(atPath: first.path)[.posixPermissions] as? Int == 0o600)
    }

    @Test("is kept for the last twenty runs")
    func retention() throws {
        let scene = try Scene()
        try scene.write("mine", to: scene.state.logs + "/notes.txt")
        for _ in 1...23 {
            _ = try LogFile(action: "provision", at: scene.surroundings.now(), in: scene.state)
            scene.pass(1)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: scene.state.logs).sorted()
        #expect(names.count == 21)
        #expect(names.first == "2026-11-21T09-12-06-provision.log")
        #expect(names.last == "notes.txt")
    }

    @Test("never holds a token that kubeadm printed")
    func tokens() throws {
        let witness = Sheet()
        struct Lines: Reporter {
            let sheet: Sheet
            func report(_ event: Event) { if case .output(_, let line) = event { sheet.write(line.text) } }
        }
        let line = OutputLine(
            stream: .standardOutput, text: "kubeadm join 10.77.0.11:6443 --token abcdef.0123456789abcdef \\")
        RedactingReporter(Lines(sheet: witness)).report(.output(host: "kubmaster", line))
        #expect(witness.text == "kubeadm join 10.77.0.11:6443 --token ••• \\")
    }
}
