import ForgeCore
import ForgePlan

/// An archive on its way to all nodes that lack the same layers of an image.
actor Passage {
    /// How the archive came to a node.
    enum Way: Sendable, Hashable {
        case from(String)
        /// Fetched and sent by kubeforge itself, and why.
        case throughOperator(String)
    }

    private let pack: Command
    private let builder: String
    private let relay: Relay
    private let detour: Detour
    private var packing: Task<PackedArchive, any Error>?
    /// The builder's archive is being removed; the next, which may have the same path, waits for that.
    private var clearing: Task<Void, any Error>?
    private var travellers = 0
    private var lastFailure = "no machine that has it could send it"

    /// `pack`: prints an archive's sum and size on the builder, and leaves it there. `folder`: on the operator's machine.
    init(pack: Command, builder: String, folder: String, name: String) {
        (self.pack, self.builder) = (pack, builder)
        relay = Relay(first: builder)
        detour = Detour(folder: folder, name: name)
    }

    /// The archive comes to the node, is read by `program` there when no other node needs it any more, and is removed.
    func bring(to node: Machine, into program: Command, fix: String) async throws -> (PackedArchive, Way) {
        travellers += 1
        await relay.join()
        do {
            let result = try await travel(to: node, program, fix)
            try await end(node)
            return result
        } catch {
            try? await end(node)
            throw error
        }
    }

    private func travel(to node: Machine, _ program: Command, _ fix: String) async throws -> (PackedArchive, Way) {
        let archive: PackedArchive
        do { archive = try await packed(by: node) } catch {
            await relay.giveUp()
            throw error
        }
        let way = try await carry(archive, to: node, fix)
        await relay.untilAllHaveIt()
        try await node.run(archive.load(into: program), fix: fix)
        return (archive, way)
    }

    private func packed(by node: Machine) async throws -> PackedArchive {
        let task =
            packing
            ?? Task { [builder, pack, clearing] in
                _ = await clearing?.result
                let printed = try await node.peer(builder).run(pack, fix: "is there space left on \(builder)? `df -h /var/lib` tells").text
                return try PackedArchive(printed: printed, by: builder)
            }
        packing = task
        return try await task.value
    }

    private func carry(_ archive: PackedArchive, to node: Machine, _ fix: String) async throws -> Way {
        var canServe = true
        if let source = await relay.source() {
            do {
                try await Handover(archive: archive, source: try await node.peer(source), receiver: node).run()
                await relay.sent(from: source, to: node.host.name)
                return .from(source)
            } catch {
                _ = try? await node.attempt(PackedArchive.removeAll)
                let failure = error as? Handover.Failure
                canServe = failure?.isReceivers != true
                await relay.failed(keeping: canServe ? nil : source)
                lastFailure = "\(source) → \(node.host.name): \(failure?.why ?? "\(error)")"
            }
        }
        let why = lastFailure
        do {
            let file = try await detour.file(archive, from: try await node.peer(builder))
            try await node.run(archive.takeIn.reading(.file(file.path)), fix: fix)
            await relay.arrived(at: canServe ? node.host.name : nil)
            return .throughOperator(why)
        } catch {
            await relay.arrived(at: nil)
            throw error
        }
    }

    /// Nothing stays on the node, nor on the builder and here after the last one.
    private func end(_ node: Machine) async throws {
        travellers -= 1
        guard let packing else { return }
        let isLast = travellers == 0
        if isLast { self.packing = nil }
        guard let archive = try? await packing.value else { return }
        if isLast {
            let removal = Task { [builder] in _ = try await node.peer(builder).run(archive.remove) }
            clearing = removal
            await detour.end()
            try await removal.value
        }
        try await node.run(archive.remove)
    }
}
