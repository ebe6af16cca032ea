import ForgeCore
import ForgePlan

/// What the training of the models said that a Deployment's pods run: its files, read from the cluster.
///
/// With a model store they come out of a pod, where they were compared with their digests; otherwise from what a deploy
/// has kept of the image.
struct DeployedModelFiles: Sendable {
    /// Its name.
    let deployment: String
    let kubectl: Kubectl

    /// Where a pod has them.
    static let directory = "/app/models"

    /// The most bytes that are read of metadata.json: names of columns and classes are in it, and never rows.
    static let largestMetadata = 16 << 20

    /// The most bytes that are read of golden.json. golden/ keeps 2,000 rows; before it was there, this was some
    /// 375,000 rows of two models. A command's output is kept up to 64 MiB.
    static let largestAnswers = 48 << 20

    /// Prints one of them; `kept`: its name beside the image's own answers, where that is another.
    func line(_ file: String, orKept kept: String? = nil) -> String {
        let kept = RemotePaths.answers("${1##*:}") + "/" + (kept ?? file)
        return """
            (set -- $(\(description)); if [ "$2" = has-models ]; then \(read(file)); else cat -- "\(kept)"; fi)
            """
    }

    /// Prints one of them as a pod has it, wherever its models come from: a deploy does not keep all of the image's.
    func inPod(_ file: String) -> String { "(set -- $(\(description)); \(read(file)))" }

    private static func largest(_ file: String) -> Int { file == "golden.json" ? largestAnswers : largestMetadata }

    /// `$3`: the digest of the pods' description. Fails without a word where no pod runs, and else in kubectl's words.
    /// A file that is too large shows by the byte that it has more than its readers take.
    private func read(_ file: String) -> String {
        let exec = Kubectl.tellingWhy(
            kubectl.line("exec") + " \"$pod\" -- head -c \(Self.largest(file) + 1) \(Self.directory)/\(file)",
            isRun: true)
        return "pod=$(\(pods) | \(choice)); [ \"$pod\" ] || exit 1; \(exec)"
    }

    /// Why no pod has printed the file: in the last words of kubectl, or of the program in the pod.
    static func silence(_ answer: CommandState, about file: String) -> String {
        let said = answer.exitCode == 124 ? [] : answer.text.split(whereSeparator: \.isNewline)
        let reason = said.last { !$0.hasPrefix("command terminated with") && !$0.hasPrefix("Defaulted container") }
        return reason.map(String.init) ?? answer.silence
            ?? "no pod of it runs that could be asked for \(directory)/\(file)"
    }

    /// The image, `has-models` or `has-`, and the digest of the pods' description.
    private var description: String {
        let pod = ".spec.template.spec"
        let path =
            "{\(pod).containers[0].image} has-{\(pod).initContainers[?(@.name==\"\(ModelVersion.container)\")].name} "
            + #"{.spec.template.metadata.annotations.kubeforge\.io/template}"#
        return kubectl.line("get", "deployment", Word(deployment), "--output", Word("jsonpath=\(path)"))
    }

    private var pods: String {
        let path =
            #"""
            {range .items[*]}{.metadata.name} {.metadata.annotations.kubeforge\.io/template} {.status.phase} \#
            {.metadata.deletionTimestamp}{"\n"}{end}
            """#
        return kubectl.line(
            "get", "pods", "--selector", "app.kubernetes.io/name=\(deployment)", "--output", Word("jsonpath=\(path)"))
    }

    /// A pod that runs has its models; one that is leaving may be of another release.
    private var choice: String {
        #"awk -v template="$3" 'NF == 3 && $2 == template && $3 == "Running" { print $1; exit }'"#
    }
}
