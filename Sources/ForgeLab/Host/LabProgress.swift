import ForgeCore

/// Tells a person what the lab is doing, while it does it.
package struct LabProgress: Sendable {
    private let report: @Sendable (Event) -> Void

    package init(_ report: @escaping @Sendable (Event) -> Void) { self.report = report }

    /// What happens to the lab, in titles that read as a truth: "the network 10.77.0.0/24 and its servers are up".
    package enum Event: Sendable, Hashable {
        /// `machine`: nil for what all of them share. `usually` is said where it takes long: "5 min, once".
        case began(String, machine: String?, usually: String?)
        /// A detail of what is being done, such as the last line of a build.
        case said(String)
        /// What a person must know, whatever else happens.
        case warned(String)
        case ended(String, machine: String?, Outcome, seconds: Double)
    }

    /// How a title came to be true; `failed` when it did not.
    package enum Outcome: String, Sendable, Hashable {
        case changed, unchanged, failed
    }

    /// Reports the beginning, and the end with the time it took; "failed" unless the work comes back.
    package func during<T>(
        _ title: String, of machine: String? = nil, usually: String? = nil, _ work: () async throws -> T
    ) async throws -> T {
        report(.began(title, machine: machine, usually: usually))
        let start = ContinuousClock.now
        do {
            let result = try await work()
            report(.ended(title, machine: machine, .changed, seconds: (ContinuousClock.now - start).seconds))
            return result
        } catch {
            report(.ended(title, machine: machine, .failed, seconds: (ContinuousClock.now - start).seconds))
            throw error
        }
    }

    /// Tells that the title was true before anything was done; it takes no time.
    package func unchanged(_ title: String, of machine: String? = nil) {
        report(.ended(title, machine: machine, .unchanged, seconds: 0))
    }

    /// A sentence that a person should know, such as why a machine will be slow.
    package func warn(_ sentence: String) { report(.warned(sentence)) }

    /// The latest detail stands beside what is being done, and takes the place of the one before.
    package func say(_ detail: String) { report(.said(detail)) }
}
