import ForgeCore
import ForgeInventory
import ForgePlan

/// The deployed image puts the predictions of a schedule into the model store: one of an earlier kubeforge would leave
/// them in its pod, and say nothing.
struct ImageKeepsPredictions: PreflightCheck {
    private let look: String

    init(_ service: Service) {
        let program = "import os; print('has-delivery', os.path.exists('delivery.py'))"
        look = Kubectl(namespace: service.namespace).look(
            "exec", Word("deployment/\(service.name)"), "--", "python", "-c", Word(program))
    }

    var title: String { "the deployed image keeps predictions" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        answers.command(look).text == "has-delivery False" ? ["it was built before predictions were kept"] : []
    }

    /// Only a pod of the service can tell; there may be none.
    func notes(given answers: Answers, on host: Host) -> [String] {
        let answer = answers.command(look)
        if answer.exitCode == 0 { return [] }
        let why = answer.text.split(whereSeparator: \.isNewline).last ?? "no pod answers"
        return ["whether the deployed image keeps predictions is not known: \(why)"]
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(
            what: "\(host.name): predictions would be lost with their pod instead of being kept in the model store",
            why: "the deployed image was built before predictions were kept",
            fix: "build one that keeps them with `kubeforge deploy`; then schedule it")
    }
}
