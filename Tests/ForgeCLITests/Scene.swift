import ForgeCLI
import ForgeCore
import ForgePlan
import Foundation
import Glibc
import Synchronization

/// A computer of a test: a home directory of its own, streams that are read back, and a clock that stands still until
/// it is told.
final class Scene: Sendable {
    let directory: String
    let output = Sheet()
    let progress = Sheet()
    private let time = Mutex(Date(timeIntervalSince1970: 1_795_252_323))
    private let variables: [String: String]

    init(_ variables: [String: String] = [:]) throws {
        self.variables = variables
        directory = NSTemporaryDirectory() + "kubeforge-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory + "/desk", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var surroundings: ProcessEnvironment { surroundings(terminal: nil) }

    func surroundings(terminal size: TextStream.Size?) -> ProcessEnvironment {
        ProcessEnvironment(
            environment: variables, directory: directory + "/desk", home: directory + "/home",
            output: TextStream(isTerminal: size != nil, size: { size }, write: output.write),
            progress: TextStream(isTerminal: size != nil, size: { size }, write: progress.write),
            now: { self.time.withLock { $0 } }, processID: 4711)
    }

    var state: StateDirectory { StateDirectory(surroundings) }

    func pass(_ seconds: Double) { time.withLock { $0 += seconds } }

    func write(_ text: String, to path: String) throws {
        let full = path.hasPrefix("/") ? path : directory + "/" + path
        try FileManager.default.createDirectory(
            atPath: (full as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: full))
    }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path.hasPrefix("/") ? path : directory + "/" + path)
    }
}

/// What was written, as one text.
final class Sheet: Sendable {
    private let content = Mutex("")

    var text: String { content.withLock { $0 } }

    @Sendable func write(_ text: String) { content.withLock { $0 += text } }
}

/// One event of each kind, as a run might tell them.
enum Story {
    static let events: [Event] = [
        .note("inventory lab.yaml   (named on the command line)"),
        .stageBegan("container runtime is ready"),
        .step(report("kubnode", "containerd is installed", .unchanged, seconds: 0.002)),
        .stepBegan(host: "kubmaster", title: "containerd is installed"),
        .output(host: "kubmaster", OutputLine(stream: .standardOutput, text: "Unpacking containerd.io (2.2.1-1) ...")),
        .step(
            report("kubmaster", "containerd is installed", .changed, ["containerd.io: absent → 2.2.1"], seconds: 12.412)
        ),
        .stepBegan(host: "kubnode", title: "docker is installed"),
        .output(host: "kubnode", OutputLine(stream: .standardError, text: "E: no candidate")),
        .step(
            report(
                "kubnode", "docker is installed", .failed, ["docker-ce: absent → 29.1.0"], seconds: 2.1,
                problem: Problem(
                    what: "kubnode: `apt-get install` failed with exit code 100",
                    why: "E: \"docker-ce\" has no\n\tcandidate",
                    fix: "apt-cache madison docker-ce"))),
        .check(CheckReport(name: "/prediction/23", isPassed: false, expected: "E", got: "F", milliseconds: 3.2)),
        .problem(Problem(what: "something else"), host: nil),
        .summary(Summary(outcome: .incomplete, hosts: hosts, seconds: 75)),
    ]

    static func report(
        _ host: String, _ title: String, _ outcome: StepReport.Outcome, _ differences: [Difference] = [],
        seconds: Double = 0,
        problem: Problem? = nil
    ) -> StepReport {
        StepReport(
            stage: "container runtime is ready", host: host, title: title, outcome: outcome, differences: differences,
            seconds: seconds,
            problem: problem)
    }

    private static var hosts: [String: HostSummary] {
        var (master, node) = (HostSummary(), HostSummary())
        master.count(.changed)
        master.traffic = Traffic(roundTrips: 3, bytesSent: 5120)
        node.count(.unchanged)
        node.count(.failed)
        node.traffic = Traffic(roundTrips: 2, bytesSent: 99)
        return ["kubmaster": master, "kubnode": node]
    }
}

/// An address of this computer that is not the loopback's, for inventories: they refuse 127.0.0.1.
enum OwnAddress {
    /// Port 1 there is closed, and no packet leaves the computer.
    static let text: String? = {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return nil }
        defer { freeifaddrs(first) }
        return sequence(first: first?.pointee, next: { $0?.ifa_next?.pointee }).lazy.compactMap { $0 }.compactMap(
            address
        ).first
    }()

    private static func address(_ interface: ifaddrs) -> String? {
        guard let address = interface.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET) else { return nil }
        guard interface.ifa_flags & UInt32(IFF_LOOPBACK) == 0 else { return nil }
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard getnameinfo(address, length, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 else {
            return nil
        }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    }
}
