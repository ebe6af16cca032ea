import ForgeCore

/// An interface of this computer's own network namespace.
struct NetworkLink: Sendable {
    let name: String
    let computer: LocalHost

    var exists: Bool { computer.exists("/sys/class/net/\(name)") }

    /// A cable also goes by itself, a moment after the namespace at its other end.
    func remove() async throws {
        guard exists else { return }
        let removal = try await computer.run(Command("ip", "link", "del", Word(name)))
        guard removal.isSuccess || !exists else {
            throw Problem(what: "the interface \(name) cannot be removed", why: removal.lastLine)
        }
    }
}
