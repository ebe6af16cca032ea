import ForgeCore

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

    /// Prints one of them; `kept`: its name beside the image's own answers, where that is another.
    func line(_ file: String, orKept kept: String? = nil) -> String {
        let kept = RemotePaths.answers("${1##*:}") + "/" + (kept ?? file)
        return """
            (set -- $(\(description)); if [ "$2" = has-models ]; then \(cat(file)); else cat -- "\(kept)"; fi)
            """
    }

    /// Prints one of them as a pod has it, wherever its models come from: a deploy does not keep all of the image's.
    func inPod(_ file: String) -> String { "(set -- $(\(description)); \(cat(file)))" }

    /// `$3`: the digest of the pods' description.
    private func cat(_ file: String) -> String {
        """
        pod=$(\(pods) | \(choice)); \(kubectl.line("exec")) "${pod:-of-this-release}" -- cat \(Self.directory)/\(file)
        """
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
