import ForgeCore
import ForgeInventory
import ForgePlan

/// The deployed image has what Parquet needs: a schedule that cannot write its predictions would fail every night.
struct ImageWritesParquet: PreflightCheck {
    private let look: String

    init(_ service: Service) {
        let program = "import importlib.util; print('has-pyarrow', importlib.util.find_spec('pyarrow') is not None)"
        look = Kubectl(namespace: service.namespace).look(
            "exec", Word("deployment/\(service.name)"), "--", "python", "-c", Word(program))
    }

    var title: String { "the deployed image writes Parquet" }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] {
        answers.command(look).text == "has-pyarrow False" ? ["it has no pyarrow"] : []
    }

    /// Only a pod of the service can tell; there may be none.
    func notes(given answers: Answers, on host: Host) -> [String] {
        let answer = answers.command(look)
        if answer.exitCode == 0 { return [] }
        let why = answer.text.split(whereSeparator: \.isNewline).last ?? "no pod answers"
        return ["whether the deployed image can write Parquet is not known: \(why)"]
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem {
        Problem(withoutPyarrow: "\(host.name): predictions.parquet cannot be written")
    }
}
