import ForgeCore
import ForgePlan

/// One machine sends an archive to another, over the network between them.
struct Handover: Sendable {
    let archive: PackedArchive
    let source: Machine
    let receiver: Machine

    /// Why it did not succeed, and through whom.
    struct Failure: Error {
        let why: String
        /// The receiver did not even listen: another source would have no more luck.
        let isReceivers: Bool
    }

    func run() async throws(Failure) {
        let (ports, heard) = AsyncStream.makeStream(of: Int.self)
        // Both ends at once: the receiver says which port it listens on while its command runs.
        async let received = result {
            defer { heard.finish() }
            return try await receiver.attempt(archive.receive(at: receiver.host.address, from: source.host.address)) { line in
                if let port = PackedArchive.port(in: line.text) { heard.yield(port) }
            }
        }
        guard let port = await ports.first(where: { _ in true }) else { throw Failure(why: await received.why, isReceivers: true) }
        let send = archive.send(from: source.host.address, to: receiver.host.address, port: port)
        let sent = await result { try await source.attempt(send) }
        if !sent.isSuccess { throw Failure(why: sent.why, isReceivers: false) }
        let end = await received
        if !end.isSuccess { throw Failure(why: end.why, isReceivers: false) }
    }

    private func result(_ body: @Sendable () async throws -> Output) async -> Result<Output, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}

extension Result where Success == Output, Failure == any Error {
    fileprivate var isSuccess: Bool { if case .success(let output) = self { output.isSuccess } else { false } }

    /// Its own last words.
    fileprivate var why: String {
        switch self {
        case .success(let output): output.lastLine?.withoutSocatsTime ?? "it ended with \(output.exit)"
        case .failure(let error): (error as? Problem)?.what ?? "\(error)"
        }
    }
}

extension String {
    /// `E connect(…): Connection refused` of `2026/11/21 15:20:00 socat[9] E connect(…): Connection refused`.
    fileprivate var withoutSocatsTime: String { replacing(#/^[0-9/]+ [0-9:.]+ socat\[[0-9]+\]\s/#, with: "") }
}
