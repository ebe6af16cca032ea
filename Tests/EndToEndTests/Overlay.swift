import Foundation
import Testing

/// A change to one of the program's templates: another release.
struct Overlay: Sendable {
    let file: String
    /// What stands there, and what comes in its place.
    let change: (String, String)
    /// A second one, in the same file.
    var andChange: (String, String)?

    /// Another release, which behaves as the one before.
    static func comment(_ text: String) -> Overlay {
        Overlay(file: "service/api.py", change: ("def create_app(", "# \(text)\ndef create_app("))
    }

    /// Makes a directory for `--templates` that holds the changed file and nothing else.
    func make(in directory: URL) throws -> String {
        let source = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../templates/\(file)")
            .standardized
        let text = try String(contentsOf: source, encoding: .utf8)
        let changes = [change] + (andChange.map { [$0] } ?? [])
        for (old, _) in changes where !text.contains(old) { throw Missing(text: old, file: file) }
        let place = directory.appending(path: "overlay-\(UUID().uuidString)")
        let target = place.appending(path: file)
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        let changed = changes.reduce(text) { $0.replacing($1.0, with: $1.1) }
        try changed.write(to: target, atomically: true, encoding: .utf8)
        return place.path()
    }

    struct Missing: Error {
        let text: String
        let file: String
    }
}

/// A release with one fault built in, and what kubeforge must say of it.
struct Fault: Sendable, CustomTestStringConvertible {
    let name: String
    let overlay: Overlay
    /// In the error, all of it.
    let says: [String]

    var testDescription: String { name }

    static let all = [
        Fault(
            name: "a pod that does not bring the registry's password",
            overlay: Overlay(
                file: "kubernetes/base/deployment.yaml",
                change: ("imagePullSecrets:\n        - name: {{ pullSecret }}", "# Without {{ pullSecret }}."),
                // The nodes have the image by now, and would not ask for it.
                andChange: ("imagePullPolicy: IfNotPresent", "imagePullPolicy: Always")),
            says: ["the image could not be pulled", ".11:5443/mlops/inference"]),
        Fault(
            name: "a program that crashes at its start",
            overlay: Overlay(
                file: "service/api.py",
                change: (
                    "def create_app(data=None, trained=None):",
                    "raise SystemExit('no licence')\n\n\ndef create_app(data=None, trained=None):"
                )),
            says: ["the program ends with exit code", "| ", "no licence"]),
        Fault(
            name: "a limit of memory that is too low",
            overlay: Overlay(
                file: "kubernetes/base/deployment.yaml",
                change: (
                    "memory: 256Mi\n            limits:\n              memory: {{ memory }}",
                    "memory: 24Mi\n            limits:\n              memory: 24Mi"
                )),
            says: ["OOMKilled"]),
        Fault(
            name: "a probe that says no",
            overlay: Overlay(
                file: "service/api.py",
                change: ("if self.serving.is_expected(got) else", "if not self.serving.is_expected(got) else")),
            says: ["it runs, and is not ready", "HTTP probe failed with statuscode: 503"]),
        Fault(
            name: "a pod that no node has room for",
            overlay: Overlay(file: "kubernetes/base/deployment.yaml", change: ("cpu: {{ cpu }}", "cpu: \"64\"")),
            says: ["no node takes the pod", "Insufficient cpu"]),
        wrongAnswers,
    ]

    static let wrongAnswers = Fault(
        name: "models that get other features than in training",
        overlay: Overlay(
            file: "service/api.py",
            change: (
                "self.batcher.ask(self.serving.rows(place), lambda",
                "self.batcher.ask(self.serving.rows(place)[:, ::-1], lambda"
            )),
        says: [
            "answers differ from training", "the service does not transform features as training did",
            "/prediction/",
        ])
}
