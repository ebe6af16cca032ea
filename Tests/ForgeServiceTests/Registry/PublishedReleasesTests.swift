import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite(
    "Releases in the registry", .serialized,
    .enabled(if: RunningRegistry.isAvailable, "docker-registry is not installed"))
struct PublishedReleasesTests {
    private func tag(_ number: Int) -> String { String(repeating: "0", count: 15) + "\(number)" }

    private func release(_ number: Int, in registry: RunningRegistry) -> Release {
        Release(name: "inference", tag: tag(number), registry: "\(registry.directory.registry.endpoint)/mlops")
    }

    /// `kubectl exec` of the registry's own program, as the cluster has it, is the program of this computer here.
    private func kubectl(_ registry: RunningRegistry) throws -> String {
        let directory = registry.directory.files
        try directory.write(
            "kubectl", "#!/bin/sh\nexec \(RunningRegistry.program) garbage-collect \(registry.configuration)\n",
            mode: 0o755)
        return "PATH=\(directory.path):$PATH; "
    }

    private func during(_ body: (RunningRegistry, PublishedReleases) async throws -> Void) async throws {
        try await RunningRegistry.during { registry in
            try await body(
                registry, PublishedReleases(release(9, in: registry), in: registry.directory.place, on: Example.master))
        }
    }

    @Test("are told by their tags, and by nothing when the registry does not answer")
    func look() async throws {
        try await during { registry, published in
            #expect(try LocalProgram("sh", "-c", "set -e; " + published.look).output == "")
            try registry.push(release(1, in: registry), layer: "one")
            try registry.push(release(2, in: registry), layer: "two")
            #expect(
                try LocalProgram("sh", "-c", "set -e; " + published.look).output
                    == "present \(tag(1))\npresent \(tag(2))\n")
            let nobody = try LoopbackServer.freeAddress(port: ClusterRegistry.port)
            let elsewhere = Release(
                name: "inference", tag: tag(9), registry: "\(nobody):\(ClusterRegistry.port)/mlops")
            let look = PublishedReleases(elsewhere, in: registry.directory.place, on: Example.master).look
            let silent = try LocalProgram("sh", "-c", "set -e; \(look); echo and goes on")
            #expect(silent.output == "and goes on\n")
        }
    }

    @Test("of two registries that run here at once are each one's own")
    func twoRuns() async throws {
        try await during { first, published in
            try first.push(release(1, in: first), layer: "one")
            try await during { second, others in
                try second.push(release(2, in: second), layer: "two")
                #expect(try LocalProgram("sh", "-c", others.look).output == "present \(tag(2))\n")
            }
            #expect(try LocalProgram("sh", "-c", published.look).output == "present \(tag(1))\n")
        }
    }

    @Test("are found by their tag, as one that is to be pushed is not")
    func isThere() async throws {
        try await during { registry, _ in
            try registry.push(release(1, in: registry), layer: "one")
            func exitCode(_ number: Int) throws -> Int32 {
                try LocalProgram(
                    "sh", "-c", ImageIsPushed.look(release(number, in: registry), in: registry.directory.place)
                ).exitCode
            }
            #expect(try exitCode(1) == 0)
            #expect(try exitCode(2) == 22)
        }
    }

    @Test("go with the layers that no other has, and leave the tags of the same image")
    func unpublish() async throws {
        try await during { registry, published in
            try registry.push(release(1, in: registry), layer: "one")
            try registry.push(release(2, in: registry), layer: "two")
            // Two contexts that made one and the same image.
            try registry.push(release(3, in: registry), layer: "twin")
            try registry.push(release(4, in: registry), layer: "twin")
            let before = try registry.blobs()
            let script = try kubectl(registry) + "set -eu\n\(published.functions)\nunpublish \"$@\""
            let run = try LocalProgram("sh", "-c", script, "sh", tag(1), tag(3), tag(8))
            #expect(run.exitCode == 0 && run.output == "", "\(run.output)")
            #expect(try LocalProgram("sh", "-c", published.look).output == "present \(tag(2))\npresent \(tag(4))\n")
            // A layer and a manifest.
            #expect(try registry.blobs() == before - 2)
            // What was collected can come again: nothing in the registry still believes that it is there.
            try registry.push(release(1, in: registry), layer: "one")
            #expect(try registry.blobs() == before)
        }
    }

    /// `fault`: which requests of curl's fail, as `case` patterns, after what they may print before.
    @Test(
        "keep every tag that is to stay, whichever request fails; a later run removes what is left",
        arguments: [
            ("*' --head '*0004", "exit 28", true), ("*' --head '*0003", "exit 28", true),
            (
                "*/tags/list",
                #"printf '{"name":"mlops/inference","tags":["0000000000000001","0000000000000003"'; exit 28"#, false
            ),
            ("*' -D '*", "exit 28", true), ("*' -X PUT '*", "exit 22", true),
            ("*' -X DELETE '*", "exit 28", true),
        ])
    func interrupted(requests: String, fault: String, isTold: Bool) async throws {
        try await during { registry, published in
            for (number, layer) in [(1, "one"), (2, "two"), (3, "twin"), (4, "twin")] {
                try registry.push(release(number, in: registry), layer: layer)
            }
            let before = try registry.blobs()
            let script = try kubectl(registry) + "set -eu\n\(published.functions)\nunpublish \"$@\" 2>&1"
            let curl = "#!/bin/sh\ncase \"$*\" in \(requests)) \(fault);; esac\nexec /usr/bin/curl \"$@\"\n"
            try registry.directory.files.write("curl", curl, mode: 0o755)
            let failed = try LocalProgram("sh", "-c", script, "sh", tag(1), tag(3))
            try registry.directory.files.write("curl", "#!/bin/sh\nexec /usr/bin/curl \"$@\"\n", mode: 0o755)
            for number in [2, 4] {
                let look = ImageIsPushed.look(release(number, in: registry), in: registry.directory.place)
                #expect(try LocalProgram("sh", "-c", look).exitCode == 0, "\(number): \(failed.output)")
            }
            #expect((failed.exitCode != 0) == isTold, "\(failed.output)")
            #expect(failed.output.contains("were not removed from the registry") == isTold, "\(failed.output)")
            let run = try LocalProgram("sh", "-c", script, "sh", tag(1), tag(3))
            #expect(run.exitCode == 0 && run.output == "", "\(run.output)")
            #expect(try LocalProgram("sh", "-c", published.look).output == "present \(tag(2))\npresent \(tag(4))\n")
            #expect(try registry.blobs() == before - 2)
        }
    }

    @Test("go though a tag beside them has no image, and leave another kind of tag of the same image")
    func otherTags() async throws {
        try await during { registry, published in
            try registry.push(release(1, in: registry), layer: "one")
            try registry.push(release(2, in: registry), layer: "two")
            let latest = Release(name: "inference", tag: "latest", registry: release(1, in: registry).registry)
            try registry.push(latest, layer: "one")
            let tags = registry.directory.files.path(
                "images/docker/registry/v2/repositories/mlops/inference/_manifests/tags")
            try FileManager.default.removeItem(atPath: "\(tags)/\(tag(2))/current")
            let script = try kubectl(registry) + "set -eu\n\(published.functions)\nunpublish \"$@\""
            let run = try LocalProgram("sh", "-c", script, "sh", tag(1))
            #expect(run.exitCode == 0 && run.output == "", "\(run.output)")
            let look = ImageIsPushed.look(latest, in: registry.directory.place)
            #expect(try LocalProgram("sh", "-c", look).exitCode == 0)
            #expect(try LocalProgram("sh", "-c", published.look).output == "present \(tag(2))\n")
        }
    }

    @Test("keep their layers while somebody pushes, until the next time")
    func whilePushing() async throws {
        try await during { registry, published in
            try registry.push(release(1, in: registry), layer: "one")
            let before = try registry.blobs()
            let script = try kubectl(registry) + "set -eu\n\(published.functions)\nunpublish \"$@\""
            let lock = registry.directory.place.lock
            let pushing = "exec 9>\(lock); flock -s 9; sh -c \(script.shellQuoted) sh \(tag(1))"
            #expect(try LocalProgram("sh", "-c", pushing).output == "layers are collected the next time\n")
            #expect(try registry.blobs() == before)
        }
    }

    @Test("are shown to nobody without the password, and not without TLS")
    func closed() async throws {
        try await during { registry, _ in
            let address = registry.directory.registry.endpoint
            let trusting = "--cacert \(registry.directory.place.pki)/ca.crt"
            let asked = [
                "\(trusting) https://\(address)/v2/_catalog",
                "\(trusting) -u kubeforge:wrong https://\(address)/v2/_catalog",
                "http://\(address)/v2/_catalog", "https://\(address)/v2/_catalog",
                "\(trusting) -K \(registry.directory.place.login)/curl https://\(address)/v2/_catalog",
            ]
            let codes = try asked.map { words in
                try LocalProgram("sh", "-c", "curl -s -o /dev/null -w '%{http_code}' --noproxy '*' \(words)").output
            }
            #expect(codes == ["401", "401", "400", "000", "200"])
        }
    }

    @Test("need no restart of the registry after the password changed")
    func otherPassword() async throws {
        try await during { registry, published in
            try registry.push(release(1, in: registry), layer: "one")
            try FileManager.default.removeItem(atPath: registry.directory.place.login + "/password")
            try registry.directory.change()
            #expect(try LocalProgram("sh", "-c", published.look).output == "present \(tag(1))\n")
        }
    }
}
