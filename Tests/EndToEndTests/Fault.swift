import Foundation
import Testing

/// A release with one fault built in, and what kubeforge must say of it.
struct Fault: Sendable, CustomTestStringConvertible {
    let name: String
    /// The template that is changed.
    let file: String
    /// What stands there, and what comes in its place.
    let change: (String, String)
    /// In the error, all of it.
    let says: [String]

    var testDescription: String { name }

    static let all = [
        Fault(
            name: "an image that no registry has", file: "kubernetes/base/deployment.yaml",
            change: ("imagePullPolicy: IfNotPresent", "imagePullPolicy: Always"),
            says: ["the node does not get the image", "docker.io/library/inference"]),
        Fault(
            name: "a program that crashes at its start", file: "service/api.py",
            change: (
                "def create_app(data=None, trained=None):", "raise SystemExit('no licence')\n\n\ndef create_app(data=None, trained=None):"
            ),
            says: ["the program ends with exit code", "| ", "no licence"]),
        Fault(
            name: "a limit of memory that is too low", file: "kubernetes/base/deployment.yaml",
            change: (
                "memory: 256Mi\n            limits:\n              memory: 1Gi",
                "memory: 24Mi\n            limits:\n              memory: 24Mi"
            ),
            says: ["OOMKilled"]),
        Fault(
            name: "a probe that says no", file: "service/api.py",
            change: ("        if got == expected:", "        if not got:"),
            says: ["it runs, and is not ready", "HTTP probe failed with statuscode: 503"]),
        Fault(
            name: "a pod that no node has room for", file: "kubernetes/base/deployment.yaml", change: ("cpu: 100m", "cpu: \"64\""),
            says: ["no node takes the pod", "Insufficient cpu"]),
        wrongAnswers,
    ]

    static let wrongAnswers = Fault(
        name: "models that get other features than in training", file: "service/api.py",
        change: (
            "both.answers(test.rows[place : place + 1])[0]", "both.answers(test.rows[place : place + 1][:, ::-1])[0]"
        ),
        says: ["gives ", "answers otherwise than training did", "the service does not transform features as training did", "/prediction/"])

    /// A folder for `--templates` that holds the fault and nothing else.
    func overlay(in folder: URL) throws -> String {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../templates/\(file)").standardized
        let text = try String(contentsOf: source, encoding: .utf8)
        guard text.contains(change.0) else { throw Missing(text: change.0, file: file) }
        let place = folder.appending(path: "overlay-\(UUID().uuidString)")
        let target = place.appending(path: file)
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.replacing(change.0, with: change.1).write(to: target, atomically: true, encoding: .utf8)
        return place.path()
    }

    struct Missing: Error {
        let text: String
        let file: String
    }
}
