import ForgeCore
import ForgeLab
import Foundation

/// Making and ending machines takes root. Another user's kubeforge starts itself again with sudo; every other command
/// runs as the user.
struct RootRights {
    let surroundings: ProcessEnvironment
    var effectiveUser: UInt32 = geteuid()
    var hasTerminal: Bool = isatty(0) == 1

    /// Returns only where this process is root's.
    func demand(_ arguments: [String] = CommandLine.arguments) async throws {
        if effectiveUser == 0 { return }
        guard let sudo = program("sudo") else { throw cannotBecomeRoot("sudo is not installed") }
        // By its path: env runs it, where ThisComputer would look for its name.
        let test = try await LocalHost().run(Command("env", Word(sudo), "-n", "true"))
        if !test.isSuccess, !hasTerminal { throw cannotBecomeRoot(test.lastLine ?? "sudo refuses") }
        let words = command(
            sudo: sudo, kubeforge: Self.ownPath ?? arguments[0], arguments: Array(arguments.dropFirst()))
        setenv("KUBEFORGE_OPERATOR_HOME", surroundings.home, 1)
        var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        execv(sudo, &pointers)
        throw Problem(what: "`\(sudo)` could not be run", why: String(cString: strerror(errno)))
    }

    /// sudo cleans the environment, so what this run depends on is kept by name. No value is in the words: a proxy or
    /// an index may have a password in its address, and sudo writes the words to the system's log.
    func command(sudo: String, kubeforge: String, arguments: [String]) -> [String] {
        let kept = surroundings.environment.keys.filter(Self.isKept).sorted() + ["KUBEFORGE_OPERATOR_HOME"]
        return [sudo, "--preserve-env=\(kept.joined(separator: ","))", "--", kubeforge] + arguments
    }

    /// Where supplies come from, and which inventory and cache are meant.
    private static func isKept(_ name: String) -> Bool {
        let proxies = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"]
        return ["KUBEFORGE_CACHE", "KUBEFORGE_INVENTORY", "NO_COLOR"].contains(name) || name.hasPrefix("PIP_")
            || proxies.contains(name.lowercased())
    }

    private func program(_ name: String) -> String? {
        let directories = (surroundings.variable("PATH") ?? "").split(separator: ":").map(String.init) + ["/usr/bin"]
        return directories.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    private func cannotBecomeRoot(_ why: String) -> Problem {
        Problem(
            what:
                """
                the lab requires root: it creates mounts, network namespaces and control groups, and this is user \
                \(effectiveUser)
                """,
            why: why,
            fix:
                """
                run the same command as root, or in a terminal as a user who may use sudo (without a terminal, sudo \
                must not ask)
                """
        )
    }

    private static var ownPath: String? { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") }
}
