import ForgeCore
import ForgeInventory
import Foundation

/// Which inventory a run takes, and why.
package struct InventoryChoice: Sendable, Hashable {
    /// The path as the user named it.
    package let path: String
    /// Where the path was found; only what was found in the current directory is checked for files outside its own.
    package let reason: Reason

    package init(path: String, reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// Where an inventory's path came from, in the words that the first line of a run shows.
    package enum Reason: String, Sendable, Hashable {
        case argument = "named on the command line"
        case environment = "from $KUBEFORGE_INVENTORY"
        case directory = "found in this directory"
        case remembered = "the last one that was provisioned"
    }

    /// The first line of a run.
    package var sentence: String { "inventory \(path)   (\(reason.rawValue))" }

    /// The first of: the argument, `$KUBEFORGE_INVENTORY`, those of the files that are there, what `provision` last
    /// succeeded with.
    package static func make(
        argument: String?, files: [String] = ["./inventory.yaml"], _ surroundings: ProcessEnvironment
    ) throws(Problem) -> InventoryChoice {
        if let argument { return InventoryChoice(path: argument, reason: .argument) }
        if let path = surroundings.variable("KUBEFORGE_INVENTORY") {
            return InventoryChoice(path: path, reason: .environment)
        }
        if let path = files.first(where: { FileManager.default.fileExists(atPath: surroundings.absolute($0)) }) {
            return InventoryChoice(path: path, reason: .directory)
        }
        let remembered = RememberedInventory(StateDirectory(surroundings)).path
        guard let remembered else {
            throw Problem(noInventoryBecause: "there is no ./inventory.yaml, and no provision has succeeded yet")
        }
        guard FileManager.default.fileExists(atPath: remembered) else {
            throw Problem(
                noInventoryBecause:
                    "there is no ./inventory.yaml, and \(remembered), the last one that was provisioned, is gone")
        }
        return InventoryChoice(path: remembered, reason: .remembered)
    }

    /// What follows a command so that it takes the same inventory: nothing, where it would take it by itself.
    package func argument(_ surroundings: ProcessEnvironment) -> String {
        let own = try? Self.make(argument: nil, surroundings)
        // A first provision is not remembered yet, but will be.
        let isTaken =
            own.map { $0.reason == .remembered || surroundings.absolute($0.path) == surroundings.absolute(path) }
            ?? true
        return isTaken ? "" : " " + path.shellQuoted
    }
}

extension InventoryChoice {
    /// An inventory that was found, not named, sends no files from outside its directory anywhere: whoever has cloned a
    /// directory of somebody else has not read its inventory yet.
    func check(_ cluster: Cluster, _ surroundings: ProcessEnvironment) throws(Problem) {
        guard reason == .directory else { return }
        let directory = URL(filePath: surroundings.absolute(path)).deletingLastPathComponent().resolvingSymlinksInPath()
            .pathComponents
        func outside(_ files: [String]) -> [String] {
            files.filter { !URL(filePath: $0).resolvingSymlinksInPath().pathComponents.starts(with: directory) }
        }
        for (does, files) in [
            ("sends files from outside its directory to its machines", outside(cluster.sentFiles)),
            // Somebody else's models, signed by the user's own key, would be the user's.
            ("signs models with a key from outside its directory", outside(cluster.signingKeys)),
        ] where !files.isEmpty {
            throw Problem(
                .usage, what: "\(path) was found, not named, and \(does)", why: files.joined(separator: "\n"),
                fix: "read it, and if it is the one you want, name it: kubeforge … \(path.shellQuoted)")
        }
    }
}

extension Cluster {
    /// What models are signed with.
    fileprivate var signingKeys: [String] { services.compactMap(\.models?.signing?.keyPath) }

    /// What hosts, pods and servers get the content of.
    fileprivate var sentFiles: [String] {
        let keys = [mirrors.docker?.key, mirrors.kubernetes?.key, mirrors.debian?.key].compactMap { $0?.path }
        return keys + services.flatMap(\.sentFiles)
    }
}

extension Service {
    fileprivate var sentFiles: [String] {
        [
            models?.keyPath, models?.readKeyPath, models?.knownHostsPath, models?.signing?.signersPath,
            registryLogin?.passwordPath, model, trainingData?.train, trainingData?.test, tokensPath,
            tls?.certificatePath, tls?.keyPath,
        ].compactMap { $0 }
    }
}

extension Mirrors.Key {
    /// nil where it is fetched.
    fileprivate var path: String? { if case .file(let path) = self { path } else { nil } }
}

/// The inventory that `provision` last succeeded with.
package struct RememberedInventory: Sendable {
    private let directory: StateDirectory

    package init(_ directory: StateDirectory) { self.directory = directory }

    /// Absolute; nil when nothing is remembered.
    package var path: String? {
        let text = try? String(contentsOfFile: directory.lastInventory, encoding: .utf8)
        return text.map { $0.trimming(while: \.isNewline) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Replaces what was remembered. Throws where the state directory cannot be written; the path must be absolute.
    package func remember(_ path: String) throws(Problem) {
        try directory.make()
        do throws(WholeFile.Failure) {
            let file = directory.lastInventory
            try WholeFile.write(Array((path + "\n").utf8), to: file, mode: 0o600, owner: WholeFile.newOwner(file))
        } catch {
            throw Problem(what: "cannot write \(directory.lastInventory)", why: error.reason, fix: directory.cure)
        }
    }
}

extension Problem {
    fileprivate init(noInventoryBecause why: String) {
        self.init(
            .usage, what: "no inventory given", why: why,
            fix: "name one: as an argument (`kubeforge deploy my.yaml`) or in $KUBEFORGE_INVENTORY")
    }
}
