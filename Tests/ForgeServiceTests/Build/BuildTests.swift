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
        func differences(_ context: FileState?, note isNoted: Bool = true, mode: UInt16 = 0o700) -> [String] {
            step.differences(
                given: Answers([
                    .file(place): .file(context), .file(note): .file(isNoted ? FileState() : nil),
                    .file(RemotePaths.contexts): .file(FileState(kind: .directory, mode: mode)),
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
        #expect(try unpack(step.context.archive).exitCode == 0)
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

    @Test("that fails says why in its own last words, and what to do")
    func failureSaysWhy() async throws {
        let said = """
            Step 7/14 : RUN python -m pip install -r requirements.txt
             ---> Running in 3f
                 ━━━━━━━━━━━━ 501.7/501.7 kB 334.8 MB/s eta 0:00:00
            \u{1B}[91mERROR: Could not find a version that satisfies the requirement scikit-learn==1.9.1 (from \
            versions: none)
            \u{1B}[0m\u{1B}[91mERROR: No matching distribution found for scikit-learn==1.9.1
            \u{1B}[0mThe command '/bin/sh -c python -m pip install' returned a non-zero code: 1
            """
        let transport = ScriptedTransport { _ in Output(standardOutput: Array(said.utf8), exit: .code(1)) }
        let error = await #expect(throws: Problem.self) {
            try await ImageIsBuilt(Example.release, arguments: []).apply(
                to: Machine(host: Example.master, transport: transport))
        }
        #expect(
            error?.description == """
                kubmaster: `sudo docker build --tag inference:0123456789abcdef \
                /var/lib/kubeforge/contexts/0123456789abcdef` failed with exit code 1
                  why  Step 7/14 : RUN python -m pip install -r requirements.txt
                       ---> Running in 3f
                       ERROR: Could not find a version that satisfies the requirement scikit-learn==1.9.1 (from \
                versions: none)
                       ERROR: No matching distribution found for scikit-learn==1.9.1
                       The command '/bin/sh -c python -m pip install' returned a non-zero code: 1
                  fix  the Python index lacks a package of requirements.txt for this Python: name a complete one in \
                the inventory (mirrors: python:)
                """)
    }

    @Test("by BuildKit that fails shows what the failed step printed, not the Dockerfile")
    func buildKitSaysWhy() {
        let output = Output(standardOutput: Array(Golden("Build/buildkit.log").text.utf8), exit: .code(1))
        let problem = BuildFailure(release: Example.release, output: output, host: Example.master).problem
        #expect(
            problem.why == """
                Looking in indexes: http://10.83.0.1:8000/simple
                ERROR: Could not find a version that satisfies the requirement scikit-learn==9.9.9 (from versions: \
                1.9.1)
                ERROR: No matching distribution found for scikit-learn==9.9.9
                ERROR: process "/bin/sh -c python -m pip install -r requirements.txt" did not complete successfully: \
                exit code: 1
                ERROR: failed to solve: process "/bin/sh -c python -m pip install -r requirements.txt" did not \
                complete successfully: exit code: 1
                """)
        #expect(problem.fix?.hasPrefix("the Python index lacks a package") == true)
    }

    @Test(
        "knows what helps",
        arguments: [
            (
                "write /var/lib/docker/tmp/x: no space left on device",
                "make room on kubmaster: `docker system prune`, `df -h /var/lib/docker`"
            ),
            (
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
                "start Docker on kubmaster: `systemctl status docker` says why it does not run"
            ),
            (
                """
                The conflict is caused by:
                    old 1.0 depends on click<8.2
                    The user requested (constraint) click==8.5.1
                """,
                """
                what follows (constraint) is what the service itself runs on, or what a -c file of yours asks \
                for: take the other requirement out of requirements.txt of the model directory, or write a version \
                that goes with it
                """
            ),
            (
                "Step 9: RUN python train.py\n/app/model/train.csv:7, column 3 (a): must be a number, is 'x'",
                """
                correct the file of the model directory (service: model:), or of service: data:; the line above says \
                which and where
                """
            ),
            (
                """
                churn answers otherwise here than in expected.csv on 37 of 500 rows (row 17: yes 0.91 here, no 0.48 \
                there)
                """,
                "give requirements.txt of the model directory the versions of your notebook, or correct expected.csv"
            ),
            (
                "churn.joblib: was saved by scikit-learn 1.4.2, and 1.9.1 is installed: write scikit-learn==1.4.2",
                "do what the line above says, in the model directory (service: model:)"
            ),
            (
                "note: test.csv: 2 rows are there twice\ntrain.py of the model directory failed: KeyError: 'age'",
                "correct that program in the model directory (service: model:); its last words are above"
            ),
            (
                "manifest for python:9 not found: manifest unknown",
                "is service: baseImage: in the inventory right, and does its registry (mirrors: registries:) have it?"
            ),
            (
                "Get \"https://10.77.0.1:5000/v2/\": http: server gave HTTP response to HTTPS client",
                """
                that registry speaks plain HTTP: name it with http:// in the inventory (mirrors: registries:), and run \
                `kubeforge provision`
                """
            ),
            (
                """
                Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on 10.77.0.1:53: \
                connection refused
                """,
                """
                neither the mirror of docker.io nor docker.io itself gave the base image: is service: baseImage: in \
                the inventory right, and does the mirror (mirrors: registries:) have it?
                """
            ),
            (
                "dial tcp: lookup ghcr.io: no such host",
                """
                kubmaster cannot reach a registry or the Python index: check its network, or name mirrors in the \
                inventory (mirrors: registries:, python:)
                """
            ),
            (
                """
                #9 ERROR: lstat /apt: no such file or directory\nERROR: failed to solve: lstat /apt: no such file or \
                directory
                """,
                """
                the Dockerfile copies what is not in kubmaster's build context: correct service/Dockerfile of your \
                templates (--templates); write a directory that may be missing as a pattern, such as dat[a]/*.csv
                """
            ),
            (
                "ERROR: failed to solve: dockerfile parse error on line 3: unknown instruction: CPY",
                "correct service/Dockerfile of your templates (--templates); the line above says where"
            ),
            (
                "exec /bin/sh: exec format error",
                "service: baseImage: has no image for the processor of kubmaster: name one that has"
            ),
            ("boom", "try it by hand on kubmaster: `sudo docker build /var/lib/kubeforge/contexts/0123456789abcdef`"),
            (
                "note: test.csv: has the rows of train.csv\nboom",
                "try it by hand on kubmaster: `sudo docker build /var/lib/kubeforge/contexts/0123456789abcdef`"
            ),
        ])
    func knowsWhatHelps(said: String, fix: String) {
        let output = Output(standardOutput: Array(said.utf8), exit: .code(1))
        #expect(BuildFailure(release: Example.release, output: output, host: Example.master).problem.fix == fix)
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
