import Dispatch
import ForgeCore
import ForgeSSH
import ForgeTestSupport
import Testing

@Suite("Where SSH goes")
struct OuterAddressTests {
    /// A host whose own address nothing here reaches.
    private func host(_ sshd: LoopbackSSHD, at way: String, knownHosts: String? = nil) -> Host {
        var host = sshd.host(knownHostsPath: knownHosts)
        host.address = IPv4Address("203.0.113.9")!
        host.access.address = way
        return host
    }

    @Test(
        "is the address or the name that the inventory says for it, and host keys are known under that",
        arguments: ["127.0.0.1", "localhost"])
    func outer(way: String) async throws {
        try await LoopbackSSHD.running { sshd async throws in
            let known = try sshd.directory.write("known", "[\(way)]:\(sshd.port) \(sshd.hostKey(.ed25519))\n")
            let said = try await sshd.connected(as: host(sshd, at: way, knownHosts: known)) { connection in
                try await connection.run(Command("echo", "here")).text
            }
            #expect(said == "here\n")
            let other = try sshd.directory.write("other", "[203.0.113.9]:\(sshd.port) \(sshd.hostKey(.ed25519))\n")
            let problem = await problem(connectingTo: host(sshd, at: way, knownHosts: other))
            #expect(problem?.what == "kubmaster: the host key of [\(way)]:\(sshd.port) is not known")
            #expect(problem?.fix?.contains("`ssh-keyscan -p \(sshd.port) \(way) >> \(other)`") == true)
        }
    }

    @Test("cannot be a name that no server answers for, and the look-up is given up")
    func silentResolver() async {
        var host = Host.local(22)
        host.access.address = "nowhere.invalid"
        let end = DispatchSemaphore(value: 0)
        defer { end.signal() }
        var options = SSHOptions.made(connectTimeout: .seconds(1))
        options.resolve = { _ in
            end.wait()
            return .unknown(reason: "too late")
        }
        #expect(
            await problem(connectingTo: host, options)
                == Problem(
                    .unreachable, what: "kubmaster: the name nowhere.invalid was not resolved within 1 s",
                    why: "this computer's name servers do not answer",
                    fix: "`getent ahostsv4 nowhere.invalid` on this computer; /etc/resolv.conf names the servers"))
    }

    @Test("cannot be a name that nobody knows")
    func unknownName() async {
        var host = Host.local(22)
        host.access.address = "nowhere.invalid"
        let problem = await problem(connectingTo: host)
        #expect(problem?.kind == .unreachable)
        #expect(problem?.what == "kubmaster: the name nowhere.invalid cannot be resolved")
        #expect(
            problem?.fix
                == """
                `getent ahostsv4 nowhere.invalid` on this computer; it is `ssh: address:` of kubmaster in the \
                inventory
                """
        )
    }
}
