import ForgeCore

/// The connections of a run: each host has one, or the problem that kept it from having one.
package struct Fleet: Sendable {
    private let connections: [String: Connection]
    private let rights: Rights?

    private struct Connection: Sendable {
        let host: Host
        let result: Result<any Transport, Problem>
    }

    /// Connects to all hosts, at most `width` at once. A host that cannot be reached is a result, not an error.
    package static func connect(
        _ hosts: [Host], width: Int, rights: Rights? = nil,
        _ connect: @escaping @Sendable (Host) async throws -> any Transport
    ) async -> Fleet {
        let made = await hosts.mapConcurrently(width: width) { host in
            do {
                return Connection(host: host, result: .success(try await connect(host)))
            } catch {
                return Connection(host: host, result: .failure(Problem(error, on: host.name)))
            }
        }
        return Fleet(connections: Dictionary(made.map { ($0.host.name, $0) }) { first, _ in first }, rights: rights)
    }

    /// Why each host that is not connected is not, by name.
    package var unreachable: [(host: String, problem: Problem)] {
        connections.keys.sorted().compactMap { name in
            guard case .failure(let problem)? = connections[name]?.result else { return nil }
            return (host: name, problem: problem)
        }
    }

    /// The hosts that are connected, sorted by name.
    package var reachable: [Host] {
        connections.keys.sorted().compactMap { name in
            guard let connection = connections[name], case .success = connection.result else { return nil }
            return connection.host
        }
    }

    /// The connection of a host. Throws the problem that kept it from being made, or one that says that the name is not
    /// in the run.
    package func transport(_ name: String) throws(Problem) -> any Transport {
        guard let connection = connections[name] else { throw Problem(what: "\(name) is not part of this run") }
        return try connection.result.get()
    }

    /// The host as something that may be changed.
    package func machine(_ name: String, onNews: @escaping @Sendable (Machine.News) -> Void = { _ in }) throws(Problem)
        -> Machine
    {
        guard let host = connections[name]?.host else { throw Problem(what: "\(name) is not part of this run") }
        return Machine(
            host: host, transport: try transport(name), onNews: onNews, rights: rights, peers: { try machine($0) })
    }

    /// Asks each of the hosts its questions, in one round trip per host.
    package func ask(width: Int, _ questions: @escaping @Sendable (Host) -> [Question]) async -> [String: Result<
        Answers, Problem
    >] {
        let answers = await reachable.mapConcurrently(width: width) { host in
            do {
                return (
                    host.name,
                    Result<Answers, Problem>.success(try await transport(host.name).ask(questions(host), of: host))
                )
            } catch {
                return (host.name, .failure(Problem(error, on: host.name)))
            }
        }
        return Dictionary(answers) { first, _ in first }
    }

    /// What has gone to and from the host so far; all zeros where it is not connected.
    package func traffic(_ name: String) async -> Traffic {
        guard let transport = try? transport(name) else { return Traffic() }
        return await transport.traffic
    }

    /// Gives back what the run has of its machines, and ends the connections.
    package func close() async {
        for host in reachable {
            if let transport = try? transport(host.name) { await rights?.end(on: host, over: transport) }
        }
        _ = await reachable.mapConcurrently(width: 64) { host in await (try? transport(host.name))?.close() }
    }
}

extension Problem {
    /// Any error as a note; the border where foreign errors become ours.
    package init(_ error: any Error, on host: String) {
        switch error {
        case let problem as Problem: self = problem
        case is CancellationError:
            self.init(.interrupted, what: "\(host): stopped waiting", fix: "run it again to continue")
        default: self.init(what: "\(host): \(error)")
        }
    }
}

extension Sequence where Element: Sendable {
    /// The results in the order of the elements; at most `width` are under way at once. Nothing here can fail: a
    /// failure is a result.
    package func mapConcurrently<T: Sendable>(width: Int, _ body: @escaping @Sendable (Element) async -> T) async -> [T]
    {
        await withTaskGroup(of: (Int, T).self) { group in
            var waiting = Array(self.enumerated())[...]
            var results: [Int: T] = [:]
            func start() {
                guard let (index, element) = waiting.popFirst() else { return }
                group.addTask { (index, await body(element)) }
            }
            for _ in 0..<Swift.max(1, width) { start() }
            while let (index, result) = await group.next() {
                results[index] = result
                start()
            }
            return results.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}
