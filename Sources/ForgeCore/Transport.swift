/// Something that runs commands on one host: SSH in earnest, a script in tests.
package protocol Transport: Sendable {
    /// Runs the command to its end. A command that fails is an `Output`; a connection that fails is thrown, as a
    /// `Problem`.
    /// Lines arrive while it runs, in order. A cancelled task stops waiting; the remote program may go on until its
    /// time limit.
    func run(_ command: Command, onLine: @escaping @Sendable (OutputLine) -> Void) async throws -> Output

    /// What has gone over the wire so far.
    var traffic: Traffic { get async }

    /// Ends the connection; calling it again does nothing.
    func close() async
}

extension Transport {
    /// The output at the end alone: nobody hears of its lines while the command runs.
    package func run(_ command: Command) async throws -> Output { try await run(command) { _ in } }
}

/// What a connection cost. Round trips count the commands run; payload bytes are those of standard input and of both
/// output streams.
package struct Traffic: Sendable, Hashable {
    /// Commands run; one for a whole script of questions.
    package var roundTrips = 0
    /// What commands read on their standard input.
    package var bytesSent = 0
    /// What commands printed on both streams.
    package var bytesReceived = 0

    package init(roundTrips: Int = 0, bytesSent: Int = 0, bytesReceived: Int = 0) {
        self.roundTrips = roundTrips
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
    }
}
