import ForgeCore
import ForgePlan
import ForgeService
import ForgeTemplates
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeCLI

@Suite("kubeforge init")
struct InitTests {
    private static let inventory = """
        cluster: lab
        kubernetes: 1.36.2
        hosts:
          - { name: first, address: 192.168.56.11, role: control-plane }
        service:
          # Of the sales team.
          name: churn

        """

    private static let found = """
        {"test": 40, "features": 2, "notes": ["test.csv has 2 rows twice"], "target": "churned", "index": null,
         "task": "classification", "classes": 2, "trains": false, "expected": false, "requirements": false,
         "columns": [{"name": "age", "type": "integer", "optional": false, "example": 41},
                     {"name": "plan", "type": "text", "optional": true, "example": "pro"}],
         "models": [{"name": "churn", "file": "churn.joblib", "format": "joblib", "library": "scikit-learn",
                     "version": "1.4.2"}]}
        """

    private let scene: Scene
    private let told = Told()

    init() throws {
        scene = try Scene()
        try scene.write("a model", to: "desk/models/churn.joblib")
        try scene.write("age,plan,churned\n41,pro,yes\n", to: "desk/rows.csv")
    }

    private func run(
        _ model: String = "models/churn.joblib", data: String? = "rows.csv", directory: String? = nil,
        name: String? = nil, inventory: String? = nil,
        said: String = found
    ) async throws -> [String] {
        let setup = ModelSetup(
            order: .init(model: model, rows: data, output: directory, name: name), target: "churned", index: nil,
            inventory: inventory, surroundings: scene.surroundings, templates: try Templates(), reporter: told)
        return try await setup.make(
            asking: FakeTransport { [told] command in
                told.asked.withLock { $0.append(command.words.map(\.text)) }
                return Output(said)
            })
    }

    @Test("makes a directory of a model and rows, says what they hold, and adds the keys to the inventory")
    func makes() async throws {
        try scene.write(Self.inventory, to: "desk/inventory.yaml")
        #expect(try await run() == ["kubeforge deploy"])
        #expect(try text("desk/churn/churn.joblib") == "a model")
        #expect(try text("desk/churn/test.csv") == "age,plan,churned\n41,pro,yes\n")
        #expect(
            try text("desk/inventory.yaml")
                == Self.inventory.replacing("service:\n", with: "service:\n  model: churn\n  target: churned\n"))
        let notes = told.notes.withLock { $0 }
        #expect(
            notes.suffix(6) == [
                "model churn: churn.joblib, saved by scikit-learn 1.4.2", "example rows: 40 of 2 features",
                "truth: column churned (classification, 2 classes)", "column", "note: test.csv has 2 rows twice",
                "added to ./inventory.yaml, under service:\n  model: churn\n  target: churned",
            ])
        let table = try #require(told.tables.withLock { $0 }.first)
        #expect(table.rows == [["age", "integer", "no", "41"], ["plan", "text", "yes", "pro"]])
        let words = told.asked.withLock { $0 }[0]
        #expect(words.suffix(3) == ["--target", "churned", "--json"])
    }

    @Test("finds an inventory whose name has a blank")
    func blank() async throws {
        try scene.write(Self.inventory, to: "desk/my lab.yaml")
        #expect(try await run(inventory: "my lab.yaml") == ["kubeforge deploy"])
        let added = try text("desk/my lab.yaml")
        #expect(added.contains("service:\n  model: churn\n  target: churned\n"), "\(added)")
    }

    @Test("leaves the inventory to whom it belongs, where root adds to it", .enabled(if: geteuid() == 0))
    func owner() async throws {
        try scene.write(Self.inventory, to: "desk/inventory.yaml")
        let path = scene.directory + "/desk/inventory.yaml"
        #expect(chown(path, 12345, 23456) == 0)
        #expect(try await run() == ["kubeforge deploy"])
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.ownerAccountID] as? Int == 12345)
        #expect(attributes[.groupOwnerAccountID] as? Int == 23456)
    }

    @Test("ends with what it did: it is no dry run")
    func program() async throws {
        try scene.write("def load(directory):\n    return None\n", to: "desk/churn/model.py")
        try scene.write("age,churned\n41,yes\n42,no\n", to: "desk/churn/test.csv")
        let result = try await Binary.run(["init", "--model", "churn"], in: scene)
        #expect(result.code == 0, "\(result.errors)")
        #expect(result.output.contains("✓ init finished   "), "\(result.output)")
    }

    @Test("gives nobody more than the rows' own file gives: not who may not read that, through a link either")
    func modes() async throws {
        try scene.write(Self.inventory, to: "desk/inventory.yaml")
        chmod(scene.directory + "/desk/rows.csv", 0o600)
        try FileManager.default.createSymbolicLink(
            atPath: scene.directory + "/desk/linked.csv", withDestinationPath: "rows.csv")
        _ = try await run(data: "linked.csv", directory: "made")
        var status = stat()
        #expect(stat(scene.directory + "/desk/made/test.csv", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test("overwrites nothing: not a directory, not rows, not keys")
    func overwritesNothing() async throws {
        try scene.write("mine", to: "desk/churn/notes.txt")
        let there = await #expect(throws: Problem.self) { try await run() }
        #expect(there?.what == "churn exists already, and nothing in it is overwritten")
        #expect(
            there?.fix == "choose another directory: --directory DIR; or use this one: `kubeforge init --model churn`")
        try scene.write("a model", to: "desk/own/churn.joblib")
        try scene.write("mine", to: "desk/own/test.csv")
        let rows = await #expect(throws: Problem.self) { try await run("own") }
        #expect(rows?.what == "own has a test.csv already, and it is not overwritten")
        let text = Self.inventory + "  model: own\n"
        try scene.write(text, to: "desk/inventory.yaml")
        #expect(
            try await run(directory: "made") == [
                "write under service: in ./inventory.yaml", "  model: made", "  target: churned", "kubeforge deploy",
            ])
        #expect(try self.text("desk/inventory.yaml") == text)
    }

    @Test("leaves nothing behind of what cannot be served, and names the file itself")
    func refused() async throws {
        try scene.write(Self.inventory, to: "desk/inventory.yaml")
        let reader = FakeTransport { command in
            let place = command.words.map(\.text)[4]
            return Output(#"{"refused": "\#(place)/test.csv:2, column 1 (age): is 'x'"}"#)
        }
        let setup = ModelSetup(
            order: .init(model: "models/churn.joblib", rows: "rows.csv"), target: nil, index: nil, inventory: nil,
            surroundings: scene.surroundings, templates: try Templates(), reporter: told)
        let problem = await #expect(throws: Problem.self) { try await setup.make(asking: reader) }
        #expect(problem?.what == "models/churn.joblib cannot be served")
        #expect(problem?.why == "\(scene.directory)/desk/rows.csv:2, column 1 (age): is 'x'")
        #expect(!scene.exists("desk/churn"))
        #expect(try text("desk/inventory.yaml") == Self.inventory)
    }

    @Test("takes a directory where it is, with rows that it lacks")
    func directory() async throws {
        try scene.write("a model", to: "desk/own/churn.joblib")
        #expect(
            try await run("own/") == [
                "write under service: in your inventory", "  model: own", "  target: churned", "kubeforge deploy",
            ])
        #expect(try text("desk/own/test.csv").hasPrefix("age,"))
        #expect(try await run("own", data: nil).count == 4)
        #expect(told.asked.withLock { $0 }.last?[4] == "\(scene.directory)/desk/own")
    }

    @Test("names the model as it is told, and a Parquet file as what it is")
    func names() async throws {
        try scene.write("PAR1…", to: "desk/rows.csv")
        _ = try await run(directory: "here", name: "churn-v2")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scene.directory + "/desk/here").sorted() == [
                "churn-v2.joblib", "test.parquet",
            ])
        let problem = await #expect(throws: Problem.self) { try await run(name: "../x") }
        #expect(problem?.what == "../x cannot be the name of a model")
        let missing = await #expect(throws: Problem.self) { try await run("gone.joblib") }
        #expect(missing?.why == "No such file or directory")
        let bare = await #expect(throws: Problem.self) { try await run(data: nil, directory: "other") }
        #expect(bare?.fix == "name a file of rows that the model was not trained on: --data test.csv")
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: scene.directory + "/" + path, encoding: .utf8)
    }
}

/// What was reported, and which commands were run.
private final class Told: Reporter {
    let notes = Mutex<[String]>([])
    let tables = Mutex<[Table]>([])
    let asked = Mutex<[[String]]>([])

    func report(_ event: Event) {
        switch event {
        case .note(let text): notes.withLock { $0.append(text) }
        case .table(let table):
            notes.withLock { $0.append(table.kind) }
            tables.withLock { $0.append(table) }
        default: break
        }
    }
}
