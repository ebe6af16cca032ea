import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Synchronization

@testable import ForgeService

/// A builder and nodes that a test plays, with an image of two layers of which the nodes have one. It knows who has the archive at each moment.
final class DeliveryStage: Sendable {
    static let sum = String(repeating: "a", count: 64)
    static let path = "/var/lib/kubeforge/passing/\(sum).tar.zst"

    /// What goes wrong: a machine's command that has this in it ends with this.
    struct Fault: Sendable {
        var host: String
        var command: String
        var output: Output
    }

    private struct State {
        var holders: Set<String> = []
        var conversation: [String] = []
        var news: [String] = []
    }

    let nodes: [ForgeCore.Host]
    let folder = FileManager.default.temporaryDirectory.appending(path: "kubeforge-\(UUID())").path()
    private let faults: [Fault]
    private let state = Mutex(State())
    private let route: LayeredRoute

    init(nodes count: Int, faults: [Fault] = []) {
        nodes = (1...count).map {
            ForgeCore.Host(
                name: "node\($0)", address: IPv4Address("10.77.0.\(20 + $0)")!, role: .worker, isSchedulable: true, access: Example.access)
        }
        self.faults = faults
        route = LayeredRoute(from: Example.master, runtime: .containerd, folder: folder)
    }

    /// To all nodes at once; the problems that came of it.
    func bring() async -> [String] {
        let problems = await nodes.mapConcurrently(width: 32) { [self] node -> String? in
            do { try await route.bring(Example.release, to: machine(node)) } catch { return "\(error)" }
            return nil
        }
        return problems.compactMap { $0 }
    }

    /// Who sent to whom, in order.
    var handovers: [String] {
        lines(with: "socat -u -T").map { line in
            let address = line.firstMatch(of: /TCP:(\S+):40001/)?.1 ?? ""
            return "\(line.prefix { $0 != ":" }) → \(nodes.first { $0.address.description == address }?.name ?? "?")"
        }
    }

    /// What was run where, in order.
    func lines(with part: String = ":") -> [String] { state.withLock { $0.conversation.filter { $0.contains(part) } } }

    /// Differences that the nodes told.
    var news: [String] { state.withLock { $0.news.sorted() } }

    /// Machines that have the archive now, and files of it on this computer.
    var left: [String] {
        state.withLock { $0.holders.sorted() } + ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    }

    private func machine(_ host: ForgeCore.Host) -> Machine {
        let transport = ScriptedTransport { [self] in reply(to: $0, on: host.name) }
        return Machine(
            host: host, transport: transport, onNews: { [self] new in state.withLock { $0.news.append("\(host.name): \(new.text)") } },
            peers: { [self] name in machine(([Example.master] + nodes).first { $0.name == name }!) })
    }

    private func reply(to command: Command, on host: String) -> Output {
        let line = command.line
        return state.withLock { state in
            state.conversation.append("\(host): \(line)")
            if let fault = faults.first(where: { $0.host == host && line.contains($0.command) }) { return fault.output }
            if line.contains("socat -u -T") && !state.holders.contains(host) { return .failed(1, "E open: No such file or directory") }
            let isArriving = line.contains("zstd") || line.contains("TCP-LISTEN") || line.contains("cat >")
            if isArriving { state.holders.insert(host) }
            if line.contains("rm -f -- \(Self.path)") || line.hasPrefix("rm -rf") { state.holders.remove(host) }
            return output(of: line, command)
        }
    }

    private func output(of line: String, _ command: Command) -> Output {
        if case .file(let path) = command.output { try? Data(count: 41_000).write(to: URL(filePath: path)) }
        let digest = { (digit: String) in String(repeating: digit, count: 64) }
        if line.contains("docker save") {
            return Output("config \(digest("c")) 30 7b22\nlayer \(digest("1")) 100 0000\nlayer \(digest("2")) 200 0000\n")
        }
        if line.hasPrefix("ctr") { return Output("sha256:\(digest("1"))\n") }
        if line.contains("zstd") { return Output("\(Self.sum) 41000\n") }
        let address = line.firstMatch(of: /LISTEN:0,bind=([0-9.]+)/)?.1
        guard let address else { return Output("") }
        return Output(standardError: Array("2026/11/21 15:20:00 socat[7] N listening on AF=2 \(address):40001\n".utf8))
    }
}
