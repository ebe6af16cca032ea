import ForgeCore
import ForgeService
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Testing

/// The Python that the service runs with here: a virtual environment with exactly the packages of requirements.txt.
struct Python {
    let executable: String

    /// Made once per digest of requirements.txt; a machine without Python 3.11 or without a package index fails the
    /// test with its reason.
    static let shared = Task { try Python([ServiceFiles.requirements]) }

    /// The same with what models of other kinds need: pandas, XGBoost, LightGBM, ONNX Runtime, skops, pyarrow.
    static let everyKind = Task {
        try Python([ServiceFiles.requirements, ServiceFiles.models.appending(path: "requirements.txt")])
    }

    /// One with clients and readers of what the service writes, which it does not need itself.
    static let clients = Task {
        let directory = try TemporaryDirectory()
        let packages = [
            "numpy==2.4.6", "openapi-spec-validator==0.9.0", "prometheus_client==0.26.0", "tritonclient[http]==2.73.0",
        ]
        try Data(packages.joined(separator: "\n").utf8).write(to: directory / "requirements.txt")
        return try Python([directory / "requirements.txt"])
    }

    private init(_ requirements: [URL]) throws {
        let version = try LocalProgram.succeeded(["python3", "-c", "import sys; print(*sys.version_info[:3], sep='.')"])
        let numbers = version.split(separator: ".").compactMap {
            Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        guard numbers.count == 3, (numbers[0], numbers[1]) >= (3, 11) else {
            throw Failed("python3 is \(version); the service needs 3.11 or later")
        }
        let ingredients = try requirements.map { try Data(contentsOf: $0) } + [Data(version.utf8)]
        let directory = try ServiceFiles.cached("venv", of: ingredients) { directory in
            _ = try LocalProgram.succeeded(["python3", "-m", "venv", directory.path])
            for file in requirements {
                _ = try LocalProgram.succeeded([
                    directory.appending(path: "bin/python").path, "-m", "pip", "install", "--quiet",
                    "--disable-pip-version-check", "--only-binary=:all:", "-r", file.path,
                ])
            }
        }
        executable = directory.appending(path: "bin/python").path
    }

    /// What a script of the service prints.
    func run(_ arguments: String...) throws -> String {
        try LocalProgram.succeeded([executable] + arguments, in: ServiceFiles.sources)
    }

    /// What a script of Tests/ServiceModels prints, which knows the modules of the service.
    func see(_ script: String, _ arguments: String..., environment: [String: String] = [:]) throws -> String {
        let path = ServiceFiles.models.appending(path: script).path
        return try LocalProgram.succeeded(
            [executable, path] + arguments,
            environment: environment.merging(["PYTHONPATH": ServiceFiles.sources.path]) { $1 })
    }

    /// What a few lines of Python print.
    func answer(_ script: String, _ arguments: [String]) throws -> String {
        try LocalProgram.succeeded([executable, "-c", script] + arguments, in: ServiceFiles.sources)
    }

    /// What train.py prints over a model directory, which also gets the examples as the service reads them.
    func train(_ directory: URL, models: URL, _ more: String..., environment: [String: String] = [:]) throws -> String {
        try LocalProgram.succeeded(
            Self.training(executable, directory, models) + more, in: ServiceFiles.sources, environment: environment)
    }

    /// How train.py ends over a model directory that cannot be used.
    func trainingEnd(_ directory: URL, models: URL, environment: [String: String] = [:]) throws -> LocalProgram {
        try LocalProgram.run(
            Self.training(executable, directory, models), in: ServiceFiles.sources, environment: environment)
    }

    private static func training(_ python: String, _ directory: URL, _ models: URL) -> [String] {
        [python, "train.py", "--directory", directory.path, "--data", directory.path, "--models", models.path]
    }

    /// How batch inference with the models of a training ends.
    func inference(
        _ arguments: [String], over training: Training, environment: [String: String] = [:]
    ) throws -> LocalProgram {
        try LocalProgram.run(
            [executable, "inference.py"] + arguments, in: ServiceFiles.sources,
            environment: environment.merging(["MODELS_DIR": training.models.path, "MODEL_DIR": training.data.path]) {
                $1
            })
    }

    /// How a script of the service ends that is expected to fail.
    func end(of arguments: String...) throws -> LocalProgram {
        try LocalProgram.run([executable] + arguments, in: ServiceFiles.sources)
    }
}

/// What first_look.py tells `kubeforge` before anything is built, run by whatever Python this computer has.
func firstLook(_ arguments: [String]) async throws -> String {
    let output = try await LocalTransport().run(LocalPython.firstLook(arguments, templates: Templates()).command)
    #expect(output.errorText == "")
    return output.text
}
