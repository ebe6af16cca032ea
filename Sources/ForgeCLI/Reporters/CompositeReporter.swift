import ForgeCore
import ForgePlan

/// Hands each event to several reporters, in their order.
package struct CompositeReporter: Reporter {
    private let reporters: [any Reporter]

    package init(_ reporters: [any Reporter]) { self.reporters = reporters }

    /// Returns when the last of the reporters has.
    package func report(_ event: Event) {
        for reporter in reporters { reporter.report(event) }
    }
}

/// Takes out of everything that is told what nobody may read later, then hands it on: problems and differences quote
/// what programs print.
package struct RedactingReporter: Reporter {
    private let reporter: any Reporter

    package init(_ reporter: any Reporter) { self.reporter = reporter }

    /// With `•••` in place of each bootstrap token of kubeadm's.
    package func report(_ event: Event) {
        reporter.report(event.mapTexts(\.withoutTokens))
    }
}

extension String {
    /// kubeadm prints its bootstrap tokens (`abcdef.0123456789abcdef`) without being asked.
    var withoutTokens: String {
        guard contains(".") else { return self }
        return replacing(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/, with: "•••")
    }
}
