import ForgeCore
import ForgeInventory
import ForgePlan
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The build")
struct BuildTests {
    @Test("sends a context that is not there")
    func sendsContext() throws {
        let step = BuildContextIsUploaded(try Example.context(), of: Example.cluster().service)
        let place = RemotePaths.context(step.context.tag)
        let note = "/var/lib/kubeforge/owners/fcf5fd37dd925c9e/mlops.inference"
        #expect(
            step.looks == [
                "file /var/lib/kubeforge/contexts/fcf5fd37dd925c9e", "file \(note)", "file /var/lib/kubeforge/contexts",
            ])
        func differences(_ context: FileState?, note isNoted: Bool = true, mode: UInt16? = 0o700) -> [String] {
            step.differences(
                given: Answers([
                    .file(place): .file(context), .file(note): .file(isNoted ? FileState() : nil),
                    .file(RemotePaths.contexts): .file(mode.map { FileState(kind: .directory, mode: $0) }),
                ])
            ).map(\.text)
        }
        #expect(differences(nil) == ["2 files, 3072 bytes, are not uploaded"])
        #expect(differences(FileState(kind: .directory)) == [])
        #expect(differences(FileState(kind: .regular)) == ["2 files, 3072 bytes, are not uploaded"])
        // Whose it is decides who may remove it; who else may read the training data in it is decided by the directory
        // above.
        #expect(differences(FileState(kind: .directory), note: false) == ["its owner is not recorded"])
        #expect(
            differences(FileState(kind: .directory), mode: 0o755) == ["mode of /var/lib/kubeforge/contexts: 755 → 700"])
        #expect(differences(FileState(kind: .directory), mode: nil) == [])
    }

    @Test("unpacks a context completely or not at all")
    func unpacksContext() async throws {
        let step = BuildContextIsUploaded(try Example.context(), of: Example.cluster().service)
        let transport = ScriptedTransport { _ in Output("") }
        try await step.apply(to: Machine(host: Example.master, transport: transport))
        let command = try #require(await transport.commands.first)
        #expect(command.isAsRoot)
        let note = "/var/lib/kubeforge/owners/fcf5fd37dd925c9e/mlops.inference"
        #expect(
            command.words.suffix(3).map(\.text) == [
                RemotePaths.context(step.context.tag), SHA256.hex(step.context.archive), note,
            ])
        // The script itself, with directories of this computer and a damaged transfer.
        let directory = try LocalProgram("mktemp", "-d").output.trimming(while: \.isNewline)
        func unpack(_ bytes: [UInt8]) throws -> LocalProgram {
            try LocalProgram(
                "sh", "-c", command.words[2].text, "sh", directory + "/contexts/x", SHA256.hex(step.context.archive),
                directory + "/owners/x/mlops.inference", input: bytes)
        }
        let damaged = try unpack(step.context.archive.dropLast())
        #expect(damaged.exitCode == 1)
        #expect(damaged.output.contains("after the transfer, expected \(SHA256.hex(step.context.archive))"))
        #expect(try LocalProgram("ls", "-A", directory + "/contexts").output == "")
        // What killed uploads have left, of other contexts, too.
        let left = ["0123456789abcdef.kubeforge.77", "0123456789abcdef.kubeforge.77.tar", "x.kubeforge.5"]
        for name in left + ["x.kubeforge.mine", "mine.tar"] {
            #expect(try LocalProgram("mkdir", directory + "/contexts/" + name).exitCode == 0)
        }
        #expect(try unpack(step.context.archive).exitCode == 0)
        #expect(try LocalProgram("ls", "-A", directory + "/contexts").output == "mine.tar\nx\nx.kubeforge.mine\n")
        _ = try LocalProgram("rmdir", directory + "/contexts/mine.tar", directory + "/contexts/x.kubeforge.mine")
        #expect(try LocalProgram("ls", "-A", directory + "/contexts/x").output == "Dockerfile\napi.py\n")
        #expect(try LocalProgram("ls", "-A", directory + "/contexts").output == "x\n")
        #expect(try LocalProgram("ls", "-A", directory + "/owners/x").output == "mlops.inference\n")
        #expect(try LocalProgram("stat", "-c", "%a", directory + "/contexts").output == "700\n")
        // Another service's: noted, and left as it is.
        #expect(try LocalProgram("chmod", "755", directory + "/contexts").exitCode == 0)
        #expect(try unpack([1, 2, 3]).exitCode == 0)
        #expect(try LocalProgram("ls", "-A", directory + "/contexts/x").output == "Dockerfile\napi.py\n")
        #expect(try LocalProgram("stat", "-c", "%a", directory + "/contexts").output == "700\n")
        _ = try LocalProgram("rm", "-rf", directory)
    }

    @Test("is not done again when Docker knows the tag")
    func isNotDoneAgain() {
        let step = ImageIsBuilt(Example.release, arguments: [])
        #expect(step.title == "image inference:0123456789abcdef is built")
        #expect(step.looks == ["docker image inspect --format '{{.Id}}' -- inference:0123456789abcdef"])
        #expect(step.differences(whenLookEnds: 0, "sha256:1") == [])
        #expect(step.differences(whenLookEnds: 1) == ["Docker has no image inference:0123456789abcdef"])
    }

    @Test("runs where the context lies, with every argument quoted")
    func runsDocker() {
        let step = ImageIsBuilt(Example.release, arguments: ["BASE_IMAGE=python:3", "PIP_INDEX_URL=http://h/$(id)"])
        #expect(
            step.build.words[2].text
                == """
                export BUILDKIT_PROGRESS=plain BUILDX_NO_DEFAULT_ATTESTATIONS=1; exec docker build --force-rm \
                --network host --tag inference:0123456789abcdef --build-arg BASE_IMAGE=python:3 --build-arg \
                'PIP_INDEX_URL=http://h/$(id)' /var/lib/kubeforge/contexts/0123456789abcdef 2>&1
                """
        )
        #expect(step.build.isAsRoot)
    }

    @Test("tells what the check of the data and the training found worth knowing, each once, whichever builder says it")
    func notes() {
        let said =
            """
            #12 0.512 note: test.csv has the rows of train.csv: scores\n#12 0.6 keynote: no\nnote: mlp: Maximum \
            iterations\n#14 1.5 note: mlp: Maximum iterations\nStep 3 : RUN note: x\n
            """
        #expect(
            ImageIsBuilt.notes(in: Output(said)) == [
                "test.csv has the rows of train.csv: scores", "mlp: Maximum iterations",
            ])
    }

    @Test("leaves the right answers beside the cluster")
    func keepsGolden() {
        let step = ExpectedAnswersAreSaved(Example.release)
        let paths = ["rows.jsonl", "golden.json"].map { "/var/lib/kubeforge/releases/0123456789abcdef/" + $0 }
        #expect(step.looks == paths.map { "file " + $0 })
        func answers(_ one: FileState?, _ other: FileState?) -> Answers {
            Answers([.file(paths[0]): .file(one), .file(paths[1]): .file(other)])
        }
        #expect(step.differences(given: answers(nil, nil)) == paths.map { Difference("\($0) is missing") })
        #expect(step.differences(given: answers(nil, FileState())) == ["\(paths[0]) is missing"])
        #expect(step.differences(given: answers(FileState(), nil)) == ["\(paths[1]) is missing"])
        #expect(step.differences(given: answers(FileState(), FileState())) == [])
        #expect(
            step.copy.words.suffix(2).map(\.text) == [
                "/var/lib/kubeforge/releases/0123456789abcdef", "inference:0123456789abcdef",
            ])
    }

    /// Docker as far as it is needed: a container is a file that holds how it was created.
    private static let docker = #"""
        #!/bin/sh
        cd "$(dirname "$0")/.."
        case $1 in
        ps) for name in $(grep -lrF -- "${5#label=}" containers); do echo "${name##*/}"; done;;
        create) echo "$*" >containers/$$; echo $$;;
        rm) shift 2; cd containers && rm -- "$@";;
        cp) [ ! -e kill ] || { kill -9 "$PPID"; exit 1; }; file=${2#*:/app/}; tar -c -C "image/${file%/*}" -- \#
        "${file##*/}";;
        esac
        """#

    @Test("takes away the container that a killed run left, which would keep its image for ever, and nobody else's")
    func leftContainer() async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("bin/docker", Self.docker, mode: 0o755)
            try directory.write("containers/theirs", "create --label app=theirs -- inference:0123456789abcdef\n")
            try directory.write("image/data/rows.jsonl", "[1]\n")
            try directory.write("image/models/golden.json", "{}\n")
            // Test rows are for root alone, whoever made the directory.
            try directory.write("releases/fedcba9876543210/golden.json", "{}\n")
            #expect(try directory.mode("releases") != 0o700)
            let words = ExpectedAnswersAreSaved(Example.release).copy.words
            func run() throws -> LocalProgram {
                try LocalProgram(
                    "env", "PATH=\(directory.path("bin")):/usr/bin:/bin", "sh", "-c", words[2].text, "sh",
                    directory.path("releases/0123456789abcdef"),
                    "inference:0123456789abcdef")
            }
            func containers() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: directory.path("containers"))
            }
            try directory.write("kill", "")
            #expect(try run().exitCode == 128 + 9)
            #expect(try containers().count == 2, "it was killed beside its container")
            try FileManager.default.removeItem(atPath: directory.path("kill"))
            let again = try run()
            #expect(again.exitCode == 0, "\(again.output)")
            #expect(try containers() == ["theirs"])
            #expect(try directory.text("releases/0123456789abcdef/golden.json") == "{}\n")
            #expect(try directory.text("releases/0123456789abcdef/rows.jsonl") == "[1]\n")
            #expect(try directory.mode("releases") == 0o700)
            #expect(try directory.mode("releases/0123456789abcdef") == 0o700)
            #expect(try directory.mode("releases/0123456789abcdef/rows.jsonl") == 0o600)
        }
    }
}
