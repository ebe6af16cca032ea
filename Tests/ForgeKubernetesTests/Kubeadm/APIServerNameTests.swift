import ForgeCore
import ForgePlan
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeKubernetes

@Suite("The name of the API server")
struct APIServerNameTests {
    private var step: APIServerName {
        var host = Example.master
        host.access.address = "203.0.113.11"
        return APIServerName(host: host, cluster: Example.cluster("1.36.2"))
    }

    @Test("is right when the certificate that it shows is good for it")
    func differences() throws {
        #expect(step.texts(command: "", exitCode: 0) == [])
        #expect(step.texts(command: "", exitCode: 60) == ["it is not valid for 203.0.113.11"])
        #expect(step.texts(command: "", exitCode: 7) == ["the API server does not answer"])
        let look = try #require(step.questions[0].shell)
        #expect(look.contains("--connect-to 203.0.113.11:6443:10.77.0.11:6443 https://203.0.113.11:6443/livez"))
    }

    /// How it is applied while the look ends with the exit code.
    private func apply(_ code: Int) async -> (changes: [String], problem: Problem?) {
        var step = step
        step.limit = .zero
        let (machine, transport) = Example.machine(Example.master, answering: frame("", code: code))
        do {
            try await step.apply(to: machine)
            return (await transport.changes, nil)
        } catch {
            return (await transport.changes, error as? Problem)
        }
    }

    /// 28: curl's time was over, which says nothing about the certificate.
    @Test("gets a certificate only where the API server has shown another one", arguments: [7, 28, 35, 124])
    func notKnown(code: Int) async {
        let (changes, problem) = await apply(code)
        #expect(changes == [])
        #expect(
            problem
                == Problem(
                    what:
                        """
                        kubmaster: timed out after 0 s waiting until the API server shows its certificate; it was left \
                        untouched
                        """,
                    why: "curl ended with exit code \(code)",
                    fix: "`sudo ctr -n k8s.io tasks ls` on kubmaster, and run again"))
    }

    @Test("gets one where the one that is shown is not valid, and none where it is by now")
    func known() async {
        let (none, some) = (await apply(0), await apply(60))
        #expect(none.changes == [] && none.problem == nil)
        #expect(some.changes.count == 1 && some.problem == nil)
    }

    @Test("is not looked at again once it is known to be right")
    func once() async throws {
        let looks = Mutex(0)
        let transport = ScriptedTransport { command in
            guard command.isLook else { return Output() }
            let number = looks.withLock { number in
                number += 1
                return number
            }
            return Output(frame("", code: number == 2 ? 60 : 0))
        }
        try await step.apply(to: Machine(host: Example.master, transport: transport))
        #expect(await transport.commands.count == 1)
    }

    /// A kubeadm that signs as the real one is asked to; real keys, and OpenSSL reads them.
    private static let kubeadm = """
        #!/bin/sh
        set -e
        [ "$*" = "init phase certs apiserver --config $6" ]
        field() { sed -n "s/^$1: //p" "$config"; }
        config=$6; dir=$(field certificatesDir)
        [ "$(grep -c '^apiVersion: kubeadm.k8s.io/v1beta4$' "$config")" = 2 ]
        grep -q '^nodeRegistration: { criSocket: "unix:///run/x.sock" }$' "$config"
        address=$(sed -n 's/.*advertiseAddress: "\\(.*\\)".*/\\1/p' "$config")
        list=IP:$address
        for name in $(sed -n 's/.*certSANs: \\[\\(.*\\)\\].*/\\1/p' "$config" | tr -d '",'); do
          case $name in [0-9]*) list=$list,IP:$name;; *) list=$list,DNS:$name;; esac
        done
        openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=kube-apiserver -CA "$dir/ca.crt" -CAkey "$dir/ca.key" \
        -days 400 -addext "subjectAltName=$list" \\
          -keyout "$dir/apiserver.key" -out "$dir/apiserver.crt" 2>/dev/null
        """

    private func certificate(_ arguments: [String], _ name: String, in directory: TemporaryDirectory) async throws {
        try await LocalProgram.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", directory.path("\(name).key"), "-out",
                directory.path("\(name).crt"),
            ] + arguments)
    }

    @Test(
        """
        gets into a new certificate beside the names that the old one has, for the same key, and the old one is kept
        """,
        arguments: ["dash", "bash"])
    func script(shell: String) async throws {
        try await TemporaryDirectory.during { directory in
            try await certificate(["-subj", "/CN=kubernetes"], "ca", in: directory)
            try await certificate(
                [
                    "-subj", "/CN=kube-apiserver", "-addext",
                    "subjectAltName=DNS:kubernetes.default,DNS:kubmaster,IP:10.96.0.1,IP:10.77.0.11",
                ],
                "apiserver", in: directory)
            let (old, key) = (try directory.text("apiserver.crt"), try directory.text("apiserver.key"))
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o640], ofItemAtPath: directory.path("apiserver.crt"))
            try FileManager.default.createDirectory(atPath: directory.path("bin"), withIntermediateDirectories: true)
            try directory.write("bin/kubeadm", Self.kubeadm, mode: 0o755)
            let environment = ["PATH=\(directory.path("bin")):/usr/bin:/bin"]
            try await LocalProgram.run(
                "env",
                environment + [
                    "/bin/\(shell)", "-c", APIServerName.script, "sh", "203.0.113.11", "10.77.0.11", directory.path,
                    "kubeadm.k8s.io/v1beta4", "unix:///run/x.sock", "v1.36.2",
                ])
            let said = try await LocalProgram.run(
                "openssl", ["x509", "-noout", "-text", "-in", directory.path("apiserver.crt")])
            for name in [
                "DNS:kubernetes.default", "DNS:kubmaster", "IP Address:10.96.0.1", "IP Address:10.77.0.11",
                "IP Address:203.0.113.11",
            ] {
                #expect(said.contains(name))
            }
            #expect(said.contains("Issuer: CN = kubernetes"))
            // It fails for one that ends before: kubeadm's dates are kept.
            try await LocalProgram.run(
                "openssl", ["x509", "-noout", "-checkend", "\(399 * 86_400)", "-in", directory.path("apiserver.crt")])
            let publicKey = try await LocalProgram.run(
                "openssl", ["x509", "-noout", "-pubkey", "-in", directory.path("apiserver.crt")])
            #expect(
                try await LocalProgram.run("openssl", ["pkey", "-pubout", "-in", directory.path("apiserver.key")])
                    == publicKey)
            #expect(try directory.text("apiserver.key") == key, "a power cut between two files would part them")
            #expect(try directory.text("apiserver.crt.before-kubeforge") == old)
            #expect(try directory.mode("apiserver.crt") == 0o640)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
            #expect(
                files == [
                    "apiserver.crt", "apiserver.crt.before-kubeforge", "apiserver.key", "bin", "ca.crt", "ca.key",
                ])
        }
    }
}
