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
        var isInFolder = false
        var isRemembered = false
        var sentence: String

        var testDescription: String { sentence }
    }

    @Test(
        "is the first of four places, and says which",
        arguments: [
            Example(
                argument: "my.yaml", variable: "other.yaml", isInFolder: true, isRemembered: true,
                sentence: "inventory my.yaml   (named on the command line)"),
            Example(
                variable: "other.yaml", isInFolder: true, isRemembered: true,
                sentence: "inventory other.yaml   (from $KUBEFORGE_INVENTORY)"),
            Example(
                variable: "", isInFolder: true, isRemembered: true,
                sentence: "inventory ./inventory.yaml   (found in this folder)"),
            Example(isInFolder: true, sentence: "inventory ./inventory.yaml   (found in this folder)"),
            Example(
                isRemembered: true, sentence: "inventory FOLDER/elsewhere.yaml   (the last one that was provisioned)"),
        ])
    func first(_ example: Example) throws {
        let scene = try Scene(example.variable.map { ["KUBEFORGE_INVENTORY": $0] } ?? [:])
        if example.isInFolder { try scene.write("", to: "desk/inventory.yaml") }
        if example.isRemembered {
            try scene.write("", to: "elsewhere.yaml")
            try RememberedInventory(scene.state).remember(scene.folder + "/elsewhere.yaml")
        }
        let choice = try InventoryChoice.make(argument: example.argument, scene.surroundings)
        #expect(choice.sentence.replacing(scene.folder, with: "FOLDER") == example.sentence)
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
        try RememberedInventory(scene.state).remember(scene.folder + "/old.yaml")
        let choice = try InventoryChoice.make(argument: "new.yaml", scene.surroundings)
        #expect(choice.argument(scene.surroundings) == "")
    }
}

@Suite("The state folder")
struct StateFolderTests {
    @Test("is where XDG says, if that is an absolute path")
    func place() throws {
        #expect(StateFolder(try Scene(["XDG_STATE_HOME": "/var/lib/me"]).surroundings).path == "/var/lib/me/kubeforge")
        let relative = try Scene(["XDG_STATE_HOME": "state"])
        #expect(relative.state.path == relative.folder + "/home/.local/state/kubeforge")
    }

    @Test("is for its user only")
    func mode() throws {
        let scene = try Scene()
        try scene.state.make()
        let mode = try FileManager.default.attributesOfItem(atPath: scene.state.path)[.posixPermissions] as? Int
        #expect(mode == 0o700)
    }

    @Test("that cannot be made is a problem with a way out")
    func broken() throws {
        let scene = try Scene(["XDG_STATE_HOME": "/dev/null/state"])
        let problem = #expect(throws: Problem.self) { try scene.state.make() }
        #expect(problem?.what == "cannot create the directory /dev/null/state/kubeforge/logs")
        #expect(problem?.fix == "make it writable, or set XDG_STATE_HOME to a folder that is")
    }
}
