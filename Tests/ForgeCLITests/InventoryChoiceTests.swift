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

@Suite("The state directory")
struct StateDirectoryTests {
    @Test("is where XDG says, if that is an absolute path")
    func place() throws {
        #expect(
            StateDirectory(try Scene(["XDG_STATE_HOME": "/var/lib/me"]).surroundings).path == "/var/lib/me/kubeforge")
        let relative = try Scene(["XDG_STATE_HOME": "state"])
        #expect(relative.state.path == relative.directory + "/home/.local/state/kubeforge")
    }

    @Test("is for its user only")
    func mode() throws {
        let scene = try Scene()
        try scene.state.make()
        let mode = try FileManager.default.attributesOfItem(atPath: scene.state.path)[.posixPermissions] as? Int
        #expect(mode == 0o700)
    }

    @Test("is, with all in it, of the user in whose home root makes it", .enabled(if: geteuid() == 0))
    func owner() throws {
        let scene = try Scene()
        let home = scene.directory + "/home"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        #expect(chown(home, 12345, 23456) == 0)
        let now = scene.surroundings.now()
        _ = try LogFile(action: "provision", at: now, in: scene.state)
        let lock = try RunLock("lab", in: scene.state, for: .init(action: "provision", processID: 1, since: now))
        lock.end()
        try RememberedInventory(scene.state).remember("/lab.yaml")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: home).sorted()
        #expect(paths.count == 7, "four directories, the log, the lock and the inventory: \(paths)")
        for path in paths {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(home)/\(path)")
            #expect(attributes[.ownerAccountID] as? Int == 12345, "\(path)")
            #expect(attributes[.groupOwnerAccountID] as? Int == 23456, "\(path)")
        }
    }

    @Test("of somebody else is told with what gives it back")
    func notOwn() throws {
        let scene = try Scene()
        try FileManager.default.createDirectory(
            atPath: scene.state.lock(of: "lab"), withIntermediateDirectories: true)
        let problem = #expect(throws: Problem.self) {
            try RunLock("lab", in: scene.state, for: .init(action: "a", processID: 1, since: Date()))
        }
        #expect(
            problem
                == Problem(
                    what: "cannot open \(scene.state.lock(of: "lab"))", why: "Is a directory",
                    fix: "if it is yours: sudo chown -R \"$(id -u):$(id -g)\" \(scene.state.path)"))
    }

    @Test("that cannot be made is a problem with a way out")
    func broken() throws {
        let scene = try Scene(["XDG_STATE_HOME": "/dev/null/state"])
        let problem = #expect(throws: Problem.self) { try scene.state.make() }
        #expect(problem?.what == "cannot create the directory /dev/null/state/kubeforge/logs")
        #expect(problem?.fix == "make it writable, or set XDG_STATE_HOME to a directory that is")
    }
}
