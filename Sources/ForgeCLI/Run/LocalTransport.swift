import ForgeCore
import ForgeLab

/// This computer as a transport, for questions that are asked from the operator's side.
struct LocalTransport: Transport {
    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output {
        try await LocalHost().run(command, onLine: onLine)
    }

    var traffic: Traffic { Traffic() }

    func close() async {}
}
