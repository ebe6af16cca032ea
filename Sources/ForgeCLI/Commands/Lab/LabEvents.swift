import ForgeCore
import ForgeLab
import ForgePlan

/// What the lab does as events of a run: a step for each thing that it makes, of the machine or, where all machines
/// share it, of the lab.
struct LabEvents: Sendable {
    /// Where a run's events name a host.
    static let shared = "lab"

    let action: String
    let reporter: any Reporter

    func report(_ event: LabProgress.Event) {
        switch event {
        case .began(let title, let machine, let usually):
            // Only what takes long is announced; what is done in a moment is told when it is done.
            if let usually { reporter.report(.note("  … \(machine ?? Self.shared)  \(title)   (usually \(usually))")) }
            reporter.report(.stepBegan(host: machine ?? Self.shared, title: title))
        case .said(let detail):
            reporter.report(.output(host: Self.shared, OutputLine(stream: .standardOutput, text: detail)))
        case .warned(let sentence): reporter.report(.note("  ! \(sentence)"))
        case .ended(let title, let machine, let outcome, let seconds):
            reporter.report(
                .step(
                    StepReport(
                        stage: action, host: machine ?? Self.shared, title: title, outcome: outcome.ofStep,
                        differences: [], seconds: seconds)))
        }
    }
}

extension LabProgress.Outcome {
    fileprivate var ofStep: StepReport.Outcome {
        switch self {
        case .changed: .changed
        case .unchanged: .unchanged
        case .failed: .failed
        }
    }
}
