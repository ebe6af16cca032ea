import ForgeCLI
import ForgeCore
import Foundation
import Testing

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

@Suite("The operator's kubectl")
struct KubeconfigTests {
    @Test("is configured in the first file of $KUBECONFIG, or in the home directory")
    func place() throws {
        #expect(try Scene(["KUBECONFIG": "/a/config:/b/config"]).surroundings.kubeconfig == "/a/config")
        let plain = try Scene()
        #expect(plain.surroundings.kubeconfig == plain.directory + "/home/.kube/config")
    }
}
