import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Glibc

extension SSHOptions {
    /// A home directory without keys, and no agent: what a test does not name is not there.
    static let bare = made()

    /// As `bare`, with what matters.
    static func made(agent: String? = nil, connectTimeout: Duration? = nil, accepts: Bool = false) -> SSHOptions {
        var options = SSHOptions(homeDirectory: "/nonexistent", agentSocket: agent)
        if accepts { options.acceptNewHostKeys = { _ in } }
        options.globalKnownHosts = []
        if let connectTimeout { options.connectTimeout = connectTimeout }
        return options
    }
}

extension LoopbackSSHD {
    /// Connects for as long as the body runs.
    func connected<Result: Sendable>(
        as host: Host? = nil, _ options: SSHOptions = .bare, _ body: (SSHConnection) async throws -> Result
    ) async throws -> Result {
        let connection = try await SSHConnection.open(to: host ?? self.host(), options: options)
        do {
            let result = try await body(connection)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }
}

/// What goes wrong when the host is connected to.
func problem(connectingTo host: Host, _ options: SSHOptions = .bare) async -> Problem? {
    do {
        await (try SSHConnection.open(to: host, options: options)).close()
        return nil
    } catch {
        return error
    }
}

extension Command {
    /// A line of shell.
    static func shell(_ line: String) -> Command { Command("sh", "-c", Word(line)) }
}

/// Who runs the tests, and so whom they log in as.
enum LoopbackSSHDUser {
    static let name = String(cString: getpwuid(getuid()).pointee.pw_name)
    static let group = String(cString: getgrgid(getgid()).pointee.gr_name)
}

extension Host {
    /// A port of this computer behind which there is no sshd.
    static func local(_ port: UInt16) -> Host {
        Host(
            name: "kubmaster", address: IPv4Address("127.0.0.1")!, role: .controlPlane, isSchedulable: false,
            access: .init(user: "root", port: port, keyPath: nil, knownHostsPath: "/nonexistent/known_hosts"))
    }
}
