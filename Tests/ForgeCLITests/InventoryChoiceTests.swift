import ForgeCLI
import ForgeCore
import Foundation
import Testing

@Suite("The choice of an inventory")
struct InventoryChoiceTests {
    /// Which of the four places hold one, and what is taken.
    struct Example: Sendable, CustomTestStringConvertible {
        var argument: String?
        var variable: String?
        var isInDirectory = false
        var isRemembered = false
        var sentence: String

        var testDescription: String { sentence }
    }

    @Test(
        "is the first of four places, and says which",
        arguments: [
            Example(
                argument: "my.yaml", variable: "other.yaml", isInDirectory: true, isRemembered: true,
                sentence: "inventory my.yaml   (named on the command line)"),
            Example(
                variable: "other.yaml", isInDirectory: true, isRemembered: true,
                sentence: "inventory other.yaml   (from $KUBEFORGE_INVENTORY)"),
            Example(
                variable: "", isInDirectory: true, isRemembered: true,
                sentence: "inventory ./inventory.yaml   (found in this directory)"),
            Example(isInDirectory: true, sentence: "inventory ./inventory.yaml   (found in this directory)"),
            Example(
                isRemembered: true, sentence: "inventory DIRECTORY/elsewhere.yaml   (the last one that was provisioned)"
            ),
        ])
    func first(_ example: Example) throws {
        let scene = try Scene(example.variable.map { ["KUBEFORGE_INVENTORY": $0] } ?? [:])
        if example.isInDirectory { try scene.write("", to: "desk/inventory.yaml") }
        if example.isRemembered {
            try scene.write("", to: "elsewhere.yaml")
            try RememberedInventory(scene.state).remember(scene.directory + "/elsewhere.yaml")
        }
        let choice = try InventoryChoice.make(argument: example.argument, scene.surroundings)
        #expect(choice.sentence.replacing(scene.directory, with: "DIRECTORY") == example.sentence)
    }

    @Test("is the first of several files that is there")
    func files() throws {
        let scene = try Scene()
        let files = ["./inventory/lab.yaml", "./inventory.yaml"]
        try scene.write("", to: "desk/inventory.yaml")
        #expect(try InventoryChoice.make(argument: nil, files: files, scene.surroundings).path == "./inventory.yaml")
        try scene.write("", to: "desk/inventory/lab.yaml")
        #expect(
            try InventoryChoice.make(argument: nil, files: files, scene.surroundings).path == "./inventory/lab.yaml")
    }

    @Test("that finds none says where to put one")
    func none() throws {
        let scene = try Scene()
        let problem = #expect(throws: Problem.self) { try InventoryChoice.make(argument: nil, scene.surroundings) }
        #expect(problem?.kind == .usage)
        #expect(
            problem?.description == """
                no inventory given
                  why  there is no ./inventory.yaml, and no provision has succeeded yet
                  fix  name one: as an argument (`kubeforge deploy my.yaml`) or in $KUBEFORGE_INVENTORY
                """)
    }

    @Test("does not take a remembered one that is gone, and names it")
    func gone() throws {
        let scene = try Scene()
        try RememberedInventory(scene.state).remember("/nowhere/lab.yaml")
        let problem = #expect(throws: Problem.self) { try InventoryChoice.make(argument: nil, scene.surroundings) }
        #expect(
            problem?.why
                == "there is no ./inventory.yaml, and /nowhere/lab.yaml, the last one that was provisioned, is gone")
    }

    @Test("needs no argument afterwards unless another place comes first")
    func argument() throws {
        let scene = try Scene()
        let choice = try InventoryChoice.make(argument: "my lab.yaml", scene.surroundings)
        #expect(choice.argument(scene.surroundings) == "")
        try scene.write("", to: "desk/inventory.yaml")
        #expect(choice.argument(scene.surroundings) == " 'my lab.yaml'")
        #expect(
            try InventoryChoice.make(argument: "inventory.yaml", scene.surroundings).argument(scene.surroundings) == "")
    }

    @Test("needs no argument afterwards where another is remembered: the one that succeeds now will be")
    func argumentOverRemembered() throws {
        let scene = try Scene()
        try scene.write("", to: "old.yaml")
        try RememberedInventory(scene.state).remember(scene.directory + "/old.yaml")
        let choice = try InventoryChoice.make(argument: "new.yaml", scene.surroundings)
        #expect(choice.argument(scene.surroundings) == "")
    }
}
