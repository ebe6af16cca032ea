import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("Old releases")
struct CleaningTests {
    /// `0000000000000001` for 1.
    private func tag(_ number: Int) -> String { String(repeating: "0", count: 15) + "\(number)" }

    private func old(
        current: Int = 7, deployed: [Int], present: [Int], used: [Int] = [], restorable: [Int] = []
    ) -> [String] {
        let lines =
            deployed.map { "deployed \(tag($0))" } + present.map { "present \(tag($0))" }
            + used.map { "used \(tag($0))" } + restorable.map { "restorable \(tag($0))" }
        return RetentionPolicy(current: tag(current), found: .init(printed: lines.joined(separator: "\n"))).old
    }

    @Test("are those before the one that runs and the five that Kubernetes can bring back")
    func lastFive() {
        #expect(old(deployed: [6, 5, 4, 3, 2], present: [2, 3, 4, 5, 6, 7]) == [])
        #expect(old(deployed: [6, 5, 4, 3, 2, 1, 0], present: [0, 1, 2, 3, 4, 5, 6, 7]) == [tag(0), tag(1)])
    }

    @Test("are judged by when they were deployed last, not by when they were built")
    func deployedAgain() {
        #expect(old(current: 1, deployed: [7, 6, 5, 4, 3, 2], present: [7, 6, 5, 4, 3, 2, 1]) == [tag(2)])
        #expect(old(current: 1, deployed: [2, 7, 6, 5, 4, 3], present: [7, 6, 5, 4, 3, 2, 1]) == [tag(3)])
    }

    @Test("stay while a pod uses them")
    func used() {
        #expect(old(deployed: [6, 5, 4, 3, 2, 1, 0], present: [0, 1, 2, 3, 4, 5, 6, 7], used: [0]) == [tag(1)])
    }

    @Test("that were brought back by a rollback stay as long as Kubernetes can bring them back once more")
    func afterRollback() async throws {
        // 1 to 6 were deployed, 1 was brought back, and 7 was deployed.
        let restorable = [7, 1, 6, 5, 4, 3]
        #expect(
            old(deployed: [6, 5, 4, 3, 2, 1], present: Array(1...7), used: [7], restorable: restorable) == [tag(2)])
        #expect(
            old(
                current: 8, deployed: [7, 6, 5, 4, 3, 1], present: [1, 3, 4, 5, 6, 7, 8],
                restorable: [8, 7, 1, 6, 5, 4])
                == [tag(3)])
        // A node cannot tell; what is not on it is not counted.
        #expect(old(deployed: [6, 5, 4, 3, 2, 1], present: Array(1...7)) == [tag(1)])
        #expect(old(deployed: [6, 5, 4], present: [7, 6, 5, 4], restorable: restorable) == [])
    }

    @Test(
        "are asked for where they are, also those that another registry brought",
        arguments: ["10.77.0.11:5443/mlops", "registry.example.org:5000/team/models", "inference.example"])
    func anyRegistry(registry: String) async throws {
        let restorable = [7, 1, 6, 5, 4, 3]
        try await TemporaryDirectory.during { place in
            for number in 1...6 {
                let note = try place.write("lib/deployed/mlops.inference/\(tag(number))", "")
                try FileManager.default.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: Double(number))], ofItemAtPath: note)
            }
            let (image, used) = ("10.77.0.11:5443/mlops/inference", "\(registry)/inference")
            try place.write(
                "bin/kubectl",
                """
                #!/bin/sh
                echo "Pod \(used):\(tag(7)) \(used)-two:\(tag(2))"
                echo "Deployment \(used):\(tag(7)) docker.io/library/sidecar:1"
                case "$*" in *replicasets*) \
                \(restorable.map { "echo ReplicaSet \(used):\(tag($0))" }.joined(separator: "; "));; esac
                """, mode: 0o755)
            try place.write(
                "bin/docker",
                "#!/bin/sh\nfor n in 1 2 3 4 5 6 7; do echo \(image):000000000000000$n; done\n", mode: 0o755)
            let look = ReleaseInventory(
                release: Example.release, runtime: nil, isBuilder: true, service: ForgeInventory.Service()
            ).look
            let seen = try LocalProgram(
                "sh", "-c",
                "PATH=\(place.path("bin")):$PATH; " + look.replacing("/var/lib/kubeforge", with: place.path("lib")))
            #expect(seen.exitCode == 0)
            let found = RetentionPolicy.Found(printed: seen.output)
            #expect(found.deployed == [6, 5, 4, 3, 2, 1].map(tag))
            #expect(found.used == [tag(7)])
            #expect(RetentionPolicy(current: tag(7), found: found).old == [tag(2)])
        }
    }

    @Test("that were never deployed go first, and those that are gone do not count")
    func neverDeployed() {
        #expect(old(deployed: [6, 5], present: [9, 8, 7, 6, 5, 4, 3]) == [tag(3)])
        #expect(old(deployed: [6, 5, 4, 3, 2, 1], present: [7, 3, 2, 1]) == [])
    }

    private func step(_ runtime: Cluster.Runtime?, isBuilder: Bool) -> OldReleasesAreRemoved {
        OldReleasesAreRemoved(
            Example.release, runtime: runtime, builder: isBuilder ? Example.master : nil, of: Example.cluster())
    }

    @Test("are told as a difference, and none is removed when it is not known what pods use")
    func differences() {
        let step = step(.containerd, isBuilder: false)
        let all = (1...7).map { "deployed \(tag($0))\npresent \(tag($0))" }.joined(separator: "\n")
        #expect(
            step.differences(whenLookEnds: 0, all) == [
                "0123456789abcdef is not recorded as the latest",
                "no longer needed: 0000000000000006, 0000000000000007",
            ])
        #expect(step.differences(whenLookEnds: 0, "deployed 0123456789abcdef\npresent 0123456789abcdef") == [])
        // An earlier release that is deployed again is the last one again.
        #expect(
            step.differences(whenLookEnds: 0, "deployed \(tag(1))\ndeployed 0123456789abcdef\npresent 0123456789abcdef")
                == [
                    "0123456789abcdef is not recorded as the latest"
                ])
        #expect(
            step.differences(whenLookEnds: 1, all) == [
                "could not determine which images are in use; nothing is removed"
            ])
    }

    @Test("are not touched when the second look fails")
    func failingLook() async throws {
        let host = ScriptedTransport { _ in .failed(1, "ctr: cannot access containerd socket") }
        let machine = Machine(host: Example.node, transport: host)
        await #expect(throws: Problem.self) { try await step(.containerd, isBuilder: false).apply(to: machine) }
        #expect(await host.commands.count == 1)
    }

    @Test("are found by the names of their images only", arguments: [Cluster.Runtime.containerd, .docker])
    func looks(runtime: Cluster.Runtime) async throws {
        try await TemporaryDirectory.during { programs in
            let name = runtime == .docker ? "inference" : "10.77.0.11:5443/mlops/inference"
            let former =
                runtime == .docker
                ? "" : "docker.io/library/inference:\(tag(5))\n10x77.0.11:5443/mlops/inference:\(tag(6))\n"
            let images =
                "\(name):\(tag(1))\n\(former)\(name)-two:\(tag(2))\n\(name):latest\nother.example/inference:\(tag(3))\n"
            for program in ["ctr", "docker"] {
                try programs.write(
                    program,
                    """
                    #!/bin/sh
                    case "$*" in
                    *containers\\ ls) echo "CONTAINER IMAGE RUNTIME"; echo "1 \(name):\(tag(4)) runc";;
                    ps*) echo 1;;
                    inspect*) echo sha256:1;;
                    image\\ inspect*\\ sha256:1) echo "\(name):\(tag(4))";;
                    *) printf '%s' '\(images)';;
                    esac
                    """, mode: 0o755)
            }
            let look = ReleaseInventory(
                release: Example.release, runtime: runtime, isBuilder: false, service: ForgeInventory.Service()
            ).look
            let printed = try LocalProgram("sh", "-c", "PATH=\(programs.path):$PATH; \(look)")
            let present = [1] + (runtime == .docker ? [] : [5])
            #expect(printed.output == "used \(tag(4))\n" + present.map { "present \(tag($0))\n" }.joined())
            #expect(printed.exitCode == 0)
        }
    }

    @Test("are asked for by what the machine is: one that builds, or one where pods run")
    func machines() {
        let service = Example.cluster().service
        let builder = ReleaseInventory(
            release: Example.release, runtime: nil, isBuilder: true, service: service,
            registry: PublishedReleases(Example.release, on: Example.master))
        let node = ReleaseInventory(release: Example.release, runtime: .docker, isBuilder: false, service: service)
        #expect(step(nil, isBuilder: true).looks == [builder.look])
        #expect(step(.docker, isBuilder: false).looks == [node.look])
    }

    /// Removes releases 1 and 2 from a node: this computer with these programs, and a directory in place of its own.
    private func removal(_ runtime: Cluster.Runtime, _ programs: [String: String], in place: TemporaryDirectory) throws
    {
        for (name, text) in programs {
            try place.write("bin/\(name)", text.replacing("PLACE", with: place.path), mode: 0o755)
        }
        let inventory = ReleaseInventory(
            release: Example.release, runtime: runtime, isBuilder: false, service: ForgeInventory.Service())
        let script = inventory.removal(of: []).words[2].text.replacing("/var/lib/kubeforge", with: place.path("lib"))
        let run = try LocalProgram(
            "sh", "-c", "set -- \(tag(1)) \(tag(2))\nPATH=\(place.path("bin")):$PATH; \(script)")
        #expect(run.exitCode == 0, "\(run.output)")
    }

    /// Notes what it is to remove; it has every image.
    private let docker = #"""
        #!/bin/sh
        case "$*" in image\ rm*) echo "$4" >>PLACE/removed;; esac
        """#

    @Test("lose each of their names where Docker runs the pods")
    func dockerNames() async throws {
        try await TemporaryDirectory.during { place in
            try removal(.docker, ["docker": docker], in: place)
            let names = [1, 2].flatMap { number in
                ["10.77.0.11:5443/mlops/inference", "docker.io/library/inference", "inference"].map {
                    "\($0):\(tag(number))\n"
                }
            }
            #expect(try place.text("removed") == names.joined())
        }
    }

    /// Its images are lines of a file.
    private let ctr = #"""
        #!/bin/sh
        shift 3
        case $1 in
        ls) echo 'REF TYPE DIGEST'
        while read -r name type digest; do
        case name==$name in "${2:-name==$name}") echo "$name $type $digest";; esac
        done <PLACE/images;;
        rm) shift
        for gone do grep -v "^$gone " PLACE/images >PLACE/rest; mv PLACE/rest PLACE/images; done;;
        esac
        """#

    @Test("lose the names that containerd's kubelet gave them, too, unless another image has the same content")
    func containerdNames() async throws {
        try await TemporaryDirectory.during { place in
            let image = "10.77.0.11:5443/mlops/inference"
            try place.write(
                "images",
                """
                \(image):\(tag(1)) oci sha256:aa
                \(image)@sha256:aa oci sha256:aa
                sha256:a1 oci sha256:aa
                \(image):\(tag(2)) oci sha256:bb
                sha256:b1 oci sha256:bb
                other.example/x:1 oci sha256:bb
                \(image):\(tag(3)) oci sha256:cc
                sha256:c1 oci sha256:cc

                """)
            try removal(.containerd, ["ctr": ctr, "docker": docker], in: place)
            #expect(
                try place.text("images") == """
                    sha256:b1 oci sha256:bb
                    other.example/x:1 oci sha256:bb
                    \(image):\(tag(3)) oci sha256:cc
                    sha256:c1 oci sha256:cc

                    """)
            #expect(!FileManager.default.fileExists(atPath: place.path("removed")))
        }
    }

    /// The machine that builds, with everything of kubeforge's in a directory of this computer; two services have the
    /// first context in common.
    @Test("of one service are never another's, though both lie in the same directories under names of their content")
    func ownership() async throws {
        try await TemporaryDirectory.during { place in
            let places = place.path("lib")
            for number in [1, 2, 3, 4, 5] {
                for directory in ["contexts", "releases"] {
                    try place.write("lib/\(directory)/\(tag(number))/file", "x")
                }
            }
            let owners = [
                1: ["mlops.inference", "team.inference"], 2: ["mlops.inference"], 3: ["team.inference"],
                4: ["mlops.inference-two"],
            ]
            for (number, names) in owners {
                for name in names { try place.write("lib/owners/\(tag(number))/\(name)", "") }
            }
            try place.write("bin/kubectl", "#!/bin/sh\n", mode: 0o755)
            try place.write(
                "bin/docker",
                """
                #!/bin/sh
                case "$*" in
                image\\ ls*) for n in 1 2 3 4 5; do echo inference:000000000000000$n; done;;
                image\\ rm*) echo "$*" >>\(place.path("removed"));;
                esac
                """, mode: 0o755)
            let looks = ReleaseInventory(
                release: Example.release, runtime: nil, isBuilder: true, service: ForgeInventory.Service())
            func here(_ script: String) -> String {
                "PATH=\(place.path("bin")):$PATH; " + script.replacing("/var/lib/kubeforge", with: places)
            }
            let seen = try LocalProgram("sh", "-c", here(looks.look))
            #expect(seen.exitCode == 0)
            #expect(Set(seen.output.split(separator: "\n")) == ["present \(tag(1))", "present \(tag(2))"])
            // Even if it were told to remove all, it removes its own alone.
            let script = here(looks.removal(of: []).words[2].text)
            let all = (1...5).map(tag).joined(separator: " ")
            let removal = try LocalProgram("sh", "-c", "set -- \(all)\n\(script)")
            #expect(removal.exitCode == 0, "\(removal.output)")
            for directory in ["contexts", "releases"] {
                #expect(
                    try FileManager.default.contentsOfDirectory(atPath: "\(places)/\(directory)").sorted()
                        == [1, 3, 4, 5].map(tag))
            }
            let removed = try place.text("removed").split(separator: "\n").filter {
                $0.hasPrefix("image rm -- inference:")
            }
            #expect(removed == ["image rm -- inference:\(tag(2))"])
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: "\(places)/owners/\(tag(1))") == ["team.inference"])
        }
    }
}
