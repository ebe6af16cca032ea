import ForgeCore

extension Transport {
    /// Asks the questions of the host in one round trip.
    package func ask(_ questions: [Question], of host: Host) async throws -> Answers {
        Answers()
    }
}
