import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Synchronization
import Testing

@testable import ForgeKubernetes

@Suite("What kubeforge began")
struct BegunTests {
    private static let cluster = Example.cluster()

    @Test("is noted before it begins, for this cluster alone", arguments: Begun.Work.allCases)
    func noted(work: Begun.Work) async throws {
        try await PlayedMachine.during { played in
            let machine = played.machine(Example.node)
            #expect(try await Begun.find(work, of: Self.cluster, on: machine) == nil)
            let begun = try await Begun.begin(work, of: Self.cluster, on: machine)
            #expect(try played.root.text("var/lib/kubeforge/\(work.rawValue)") == "lab https://10.77.0.11:6443\n")
            #expect(try await Begun.find(work, of: Self.cluster, on: machine) != nil)
            #expect(try await Begun.find(work, of: Example.cluster { $0.name = "prod" }, on: machine) == nil)
            try await begun.complete()
            #expect(try await Begun.find(work, of: Self.cluster, on: machine) == nil)
        }
    }

    @Test(
        "is nothing where files of a cluster are",
        arguments: [
            "etc/kubernetes/admin.conf", "etc/kubernetes/kubelet.conf", "etc/kubernetes/bootstrap-kubelet.conf",
            "etc/kubernetes/manifests/any.yaml", "var/lib/etcd/member", "etc/kubernetes/pki/ca.crt",
        ])
    func obstacle(path: String) async throws {
        for work in Begun.Work.allCases {
            try await PlayedMachine.during { played in
                try played.write(path)
                let isOwnAuthority = work == .initConfiguration && path.hasSuffix("ca.crt")
                do {
                    _ = try await Begun.begin(work, of: Self.cluster, on: played.machine(Example.node))
                    #expect(isOwnAuthority, "\(work)")
                } catch let problem as Problem {
                    #expect(!isOwnAuthority)
                    #expect(
                        problem.what
                            == "kubnode: has files of a cluster that kubeforge did not create; it was left untouched")
                    #expect(problem.why == "\(played.root.path)/\(path) exists")
                    #expect(!played.has("var/lib/kubeforge/\(work.rawValue)"))
                }
            }
        }
    }

    @Test("is nothing where it cannot be noted")
    func notNoted() async throws {
        let transport = ScriptedTransport { _ in .failed(1, "mkdir: cannot create directory: Read-only file system") }
        let machine = Machine(host: Example.master, transport: transport)
        let problem = await #expect(throws: Problem.self) {
            _ = try await Begun.begin(.initConfiguration, of: Self.cluster, on: machine)
        }
        #expect(problem?.why?.contains("Read-only file system") == true)
        #expect(await transport.commands.count == 1)
    }

    @Test("may take a quarter of an hour to be initialised, and five minutes to be copied or reset")
    func limits() async throws {
        let transport = ScriptedTransport { _ in Output("") }
        let machine = Machine(host: Example.master, transport: transport)
        let begun = try await Begun.begin(.initConfiguration, of: Self.cluster, on: machine)
        try await begun.initialise("/etc/kubernetes/kubeadm.yaml", ["--ignore-preflight-errors=DirAvailable"])
        try await begun.reset()
        let commands = await transport.commands
        // Its note; a copy, and the work; what keeps it from being reset, a copy, and the reset.
        #expect(commands.map(\.timeLimit) == [900, 300, 900, 900, 300, 300].map(Duration.seconds))
        #expect(commands.map { $0.line.contains("kubeadm init") } == [false, false, true, false, false, false])
        #expect(commands.map { $0.line.contains("kubeadm reset") } == [false, false, false, false, false, true])
    }

    @Test("is copied before it is reset, for root alone, and told")
    func copied() async throws {
        try await PlayedMachine.during { played in
            let news = Told()
            let machine = played.machine(
                Example.node, onNews: { if case .detail(let detail) = $0 { news.add(detail.text) } })
            let begun = try await Begun.begin(.joinConfiguration, of: Self.cluster, on: machine)
            try played.write("etc/kubernetes/kubelet.conf", "mine")
            try played.write("var/lib/kubelet/pki/key", "key")
            try played.kubeadm("reset", does: "rm -rf \"$root/etc/kubernetes\"")
            try await begun.reset()
            #expect(try played.calls() == ["kubeadm reset --force --cri-socket /run/containerd/containerd.sock"])
            let copy = try #require(played.files("var/lib/kubeforge").first { $0.hasPrefix("backup-") })
            #expect(try played.root.mode("var/lib/kubeforge/\(copy)") == 0o700)
            let list = try await LocalProgram.run(
                "tar", ["-tf", played.root.path("var/lib/kubeforge/\(copy)/kubernetes.tar")])
            #expect(list.contains("etc/kubernetes/kubelet.conf\n") && list.contains("var/lib/kubelet/pki/key\n"))
            #expect(news.all == ["a copy of what was there is in \(played.root.path)/var/lib/kubeforge/\(copy)"])
        }
    }

    @Test("is not reset where etcd has data, wherever its manifest says, or where they are outside of the machine")
    func etcd() async throws {
        for (files, words) in [
            (["var/lib/etcd/member": ""], "etcd's data are in ROOT/var/lib/etcd"),
            (
                ["etc/kubernetes/manifests/etcd.yaml": "    - --data-dir=/srv/etcd\n", "srv/etcd/member": ""],
                "etcd's data are in ROOT/srv/etcd"
            ),
            (
                [
                    "etc/kubernetes/manifests/kube-apiserver.yaml":
                        "    - --etcd-servers=https://10.0.0.9:2379,https://10.0.0.8:2379\n"
                ],
                "its etcd is outside of the machine: https://10.0.0.9:2379,https://10.0.0.8:2379"
            ),
            // Its own data are what a reset would destroy, whichever etcd its API server asks.
            (
                [
                    "var/lib/etcd/member": "",
                    "etc/kubernetes/manifests/kube-apiserver.yaml": "    - --etcd-servers=https://10.0.0.9:2379\n",
                ], "etcd's data are in ROOT/var/lib/etcd"
            ),
            // A flag that stands there twice: any of its values counts.
            (
                [
                    "etc/kubernetes/manifests/etcd.yaml": "    - --data-dir=/srv/etcd\n    - --data-dir=/srv/other\n",
                    "srv/etcd/member": "",
                ], "etcd's data are in ROOT/srv/etcd"
            ),
            (
                [
                    "etc/kubernetes/manifests/etcd.yaml": "    - --data-dir=/srv/other\n    - --data-dir=/srv/etcd\n",
                    "srv/etcd/member": "",
                ], "etcd's data are in ROOT/srv/etcd"
            ),
            (
                [
                    "etc/kubernetes/manifests/kube-apiserver.yaml":
                        "    - --etcd-servers=https://127.0.0.1:2379\n    - --etcd-servers=https://10.0.0.9:2379\n"
                ],
                "its etcd is outside of the machine: https://10.0.0.9:2379"
            ),
            (
                [
                    "etc/kubernetes/manifests/kube-apiserver.yaml":
                        "    - --etcd-servers=https://10.0.0.9:2379\n    - --etcd-servers=https://127.0.0.1:2379\n"
                ],
                "its etcd is outside of the machine: https://10.0.0.9:2379"
            ),
        ] as [([String: String], String)] {
            try await PlayedMachine.during { played in
                try await played.note(.initConfiguration)
                for (path, text) in files { try played.write(path, text) }
                let said = try await LocalProgram.run(
                    "sh", ["-c", Begun.keepers(below: played.root.path), "sh", "/var/lib/kubeforge/begun-init"])
                #expect(said.replacing(played.root.path, with: "ROOT") == words + "\n")
            }
        }
        try await PlayedMachine.during { played in
            try await played.note(.initConfiguration)
            try played.write(
                "etc/kubernetes/manifests/kube-apiserver.yaml", "    - --etcd-servers=https://127.0.0.1:2379\n")
            try played.write("etc/kubernetes/manifests/etcd.yaml", "    - --data-dir=/var/lib/etcd\n")
            let said = try await LocalProgram.run(
                "sh", ["-c", Begun.keepers(below: played.root.path), "sh", "/var/lib/kubeforge/begun-init"])
            #expect(said == "")
        }
    }

    @Test("is not reset with what was there before it, nor without its note")
    func older() async throws {
        try await PlayedMachine.during { played in
            try played.write("etc/kubernetes/pki/ca.key", "given")
            try await LocalProgram.run("touch", ["-d", "2020-01-01", played.root.path("etc/kubernetes/pki/ca.key")])
            let begun = try await Begun.begin(.initConfiguration, of: Self.cluster, on: played.machine(Example.master))
            let problem = await #expect(throws: Problem.self) { try await begun.reset() }
            #expect(problem?.why == "\(played.root.path)/etc/kubernetes/pki/ca.key is older than what kubeforge began")
            try await begun.complete()
            try await LocalProgram.run("rm", ["-r", played.root.path("etc/kubernetes/pki")])
            let other = await #expect(throws: Problem.self) { try await begun.reset() }
            #expect(other?.why == "kubeforge has no record that it began this")
            #expect(try played.calls() == [])
        }
    }

    @Test(
        "with a running etcd is copied as a snapshot of it, else as its files", arguments: ["containerd", "docker"],
        [true, false])
    func snapshot(runtime: String, runs: Bool) async throws {
        try await PlayedMachine.during { played in
            try played.write("etc/kubernetes/manifests/etcd.yaml", "    - --data-dir=/srv/etcd\n")
            try played.write("srv/etcd/member/snap/db", "files")
            let program = runtime == "docker" ? "docker" : "ctr"
            try played.root.write(
                "bin/\(program)",
                """
                #!/bin/sh
                echo "\(program) $*" >> \(played.root.path)/calls
                case "$*" in
                *" ls "*|"ps "*) echo c0ffee ;;
                *etcdctl*) \(runs ? "for last in \"$@\"; do :; done; echo snapshot > \"$last\"" : "exit 1") ;;
                esac

                """, mode: 0o755)
            let copy = try await LocalProgram.run(
                "env",
                [
                    "PATH=\(played.root.path("bin")):/usr/bin:/bin", "sh", "-c", Begun.copy(below: played.root.path),
                    "sh", runtime,
                ])
            let directory = copy.trimming(while: \.isWhitespace).replacing(played.root.path + "/", with: "")
            #expect(played.files(directory) == [runs ? "etcd.snapshot" : "member", "kubernetes.tar"].sorted())
            let call = try #require(try played.calls(program).last)
            #expect(
                call.contains("etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt"))
            #expect(call.hasSuffix("snapshot save /srv/etcd/kubeforge.snapshot"))
            #expect(!played.has("srv/etcd/kubeforge.snapshot"))
        }
    }
}

final class Told: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) { texts.withLock { $0.append(text) } }
}

@Suite("What kubectl says of objects")
struct PresenceTests {
    private func presence(_ code: Int, _ text: String) -> Presence {
        Presence(CommandState(exitCode: code, text: text))
    }

    @Test("is a no only in the API server's own words")
    func clear() {
        #expect(presence(0, "node/kubmaster") == .there)
        #expect(
            presence(1, "node/kubmaster\nError from server (NotFound): deployments.apps \"coredns\" not found")
                == .missing(["deployments.apps \"coredns\" not found"]))
        #expect(
            presence(1, "Error from server (NotFound): a\nWarning: old\nError from server (NotFound): b")
                == .missing(["a", "b"]))
    }

    @Test(
        "is nothing else, whatever fails: the last words are told",
        arguments: [
            (1, "The connection to the server 10.77.0.11:6443 was refused - did you specify the right host or port?"),
            (1, "Unable to connect to the server: x509: certificate has expired or is not yet valid"),
            (1, "error: You must be logged in to the server (Unauthorized)"),
            (1, "Error from server (Forbidden): nodes \"kubnode\" is forbidden"),
            (1, "Error from server (NotFound): nodes \"kubnode\" not found\nThe connection to the server was refused"),
            // Neither is a name as `-o name` prints it: one has blanks, the other no kind.
            (1, "Error from server (NotFound): nodes \"kubnode\" not found\nGet https://10.77.0.11:6443/api: EOF"),
            (1, "Error from server (NotFound): nodes \"kubnode\" not found\nKilled"),
            (
                1,
                """
                E1126 memcache.go:287] couldn't get resource list\nError from server (NotFound): nodes "kubnode" not \
                found
                """
            ),
        ])
    func notKnown(code: Int, text: String) {
        let last = text.split(separator: "\n").last.map(String.init)
        #expect(presence(code, text) == .notKnown(last ?? ""))
    }

    @Test("is nothing without an answer")
    func silent() {
        #expect(presence(124, "") == .notKnown("kubectl got no answer in time"))
        #expect(presence(1, "") == .notKnown("kubectl gave no answer"))
    }
}
