import ForgeCore
import ForgeInventory
import ForgePlan

/// The image that runs has what a schedule needs of it, as far as a pod of the service can tell.
struct DeployedImageCheck: PreflightCheck {
    let title: String
    /// What follows "the deployed image" where it is not known whether it does.
    private let ability: String
    /// What it says of itself where it lacks that.
    private let lack: Difference
    private let problem: @Sendable (Host) -> Problem
    private let look: String
    /// What the program prints in an image that lacks it.
    private let no: String

    /// `program` prints `word True` or `word False`, in a pod.
    private init(
        _ ability: String, _ title: String, _ service: Service, asking program: String, _ word: String,
        lack: Difference, problem: @escaping @Sendable (Host) -> Problem
    ) {
        (self.ability, self.title, self.lack, self.problem) = (ability, title, lack, problem)
        no = "\(word) False"
        look = Kubectl(namespace: service.namespace).look(
            "exec", Word("deployment/\(service.name)"), "--", "python", "-c", Word(program))
    }

    /// It has what Parquet needs: a schedule that cannot write its predictions would fail every night.
    static func writesParquet(_ service: Service) -> DeployedImageCheck {
        DeployedImageCheck(
            "can write Parquet", "the deployed image writes Parquet", service,
            asking: "import importlib.util; print('has-pyarrow', importlib.util.find_spec('pyarrow') is not None)",
            "has-pyarrow", lack: "it has no pyarrow"
        ) { Problem(withoutPyarrow: "\($0.name): predictions.parquet cannot be written") }
    }

    /// It puts the predictions of a schedule into the model store: one of an earlier kubeforge would leave them in its
    /// pod, and say nothing.
    static func keepsPredictions(_ service: Service) -> DeployedImageCheck {
        DeployedImageCheck(
            "keeps predictions", "the deployed image keeps predictions", service,
            asking: "import os; print('has-delivery', os.path.exists('delivery.py'))", "has-delivery",
            lack: "it was built before predictions were kept"
        ) { host in
            Problem(
                what: "\(host.name): predictions would be lost with their pod instead of being kept in the model store",
                why: "the deployed image was built before predictions were kept",
                fix: "build one that keeps them with `kubeforge deploy`; then schedule it")
        }
    }

    var questions: [Question] { [.command(look)] }

    func differences(given answers: Answers) -> [Difference] { answers.command(look).text == no ? [lack] : [] }

    /// Only a pod of the service can tell; there may be none.
    func notes(given answers: Answers, on host: Host) -> [String] {
        let answer = answers.command(look)
        if answer.exitCode == 0 { return [] }
        let why = answer.text.split(whereSeparator: \.isNewline).last ?? "no pod answers"
        return ["whether the deployed image \(ability) is not known: \(why)"]
    }

    func finding(_ differences: [Difference], on host: Host) -> Problem { problem(host) }
}
