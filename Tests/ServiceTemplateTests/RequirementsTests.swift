import Foundation
import Testing

/// requirements.txt of a model directory, as people have it; what the image's build gets of it is given to a real pip.
@Suite("A model directory's requirements.txt")
struct RequirementsTests {
    let directory: TemporaryDirectory
    let python: Python

    init() async throws {
        python = try await Python.shared.value
        directory = try TemporaryDirectory()
        try write("model/leaves.txt", "tree\n")
        try write("model/test.csv", "a\n1\n")
    }

    /// A wheel of a package without content, as its name says, with an own version and what it needs.
    private static let wheel = """
        import sys, zipfile
        name, version, place, *needs = sys.argv[1:]
        about = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(f"{place}/{name}-{version}-py3-none-any.whl", "w") as archive:
            archive.writestr(f"{name}.py", f"version = {version!r}\\n")
            head = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
            archive.writestr(f"{about}/METADATA", head + "".join(f"Requires-Dist: {one}\\n" for one in needs))
            archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
            archive.writestr(f"{about}/RECORD", "")
        """

    @Test(
        """
        is carried with what it names: files, constraints, wheels, directories of them, and all that pip lets stand \
        there
        """)
    func carried() async throws {
        for (name, version, place) in [
            ("first", "1.0", "wheels"), ("second", "2.0", "more/links"), ("second", "3.0", "more/links"),
            ("third", "1.0", "more/links"), ("unused", "1.0", "wheels"),
        ] {
            try FileManager.default.createDirectory(at: directory / "model/\(place)", withIntermediateDirectories: true)
            _ = try python.answer(Self.wheel, [name, version, (directory / "model/\(place)").path])
        }
        let digest = try ServiceFiles.sha256(
            Data(contentsOf: directory / "model/more/links/third-1.0-py3-none-any.whl"))
        try write(
            "model/requirements.txt",
            """
            \u{FEFF}# of the notebook\r
            \r
            --no-index\r
            ./wheels/first-1.0-py3-none-any.whl   # built here\r
            -r more/others.txt\r
            -c more/limits.txt\r
            unused==1.0; python_version < "3"\r
            \\\r
              second >= 1, \\\r
              !=2.5\r
            """)
        try write("model/more/others.txt", "--find-links links\n-rthird.txt\n")
        try write("model/more/third.txt", "third == 1.0\n")
        try write("model/more/limits.txt", "second<3\n")
        #expect(try await look().contains(#""requirements": true"#))
        try packages()
        let carried = try FileManager.default.subpathsOfDirectory(atPath: (directory / "needed/models").path).filter {
            $0.contains(".")
        }.sorted()
        #expect(
            carried == [
                "more/limits.txt", "more/links/second-2.0-py3-none-any.whl", "more/links/second-3.0-py3-none-any.whl",
                "more/links/third-1.0-py3-none-any.whl", "more/others.txt", "more/third.txt", "requirements.txt",
                "wheels/first-1.0-py3-none-any.whl",
            ])
        #expect(try installed() == "first 1.0, second 2.0, third 1.0")
        // With digests pip takes no package that has none.
        try write(
            "model/requirements.txt",
            "--no-index\n--find-links more/links\nthird==1.0 \\\n    --hash=sha256:\(digest)\n")
        try packages()
        #expect(try installed() == "third 1.0")
    }

    @Test("names packages that need something of Debian, in whatever file and form")
    func debs() throws {
        try write("model/requirements.txt", "-r other.txt\n")
        try write("model/other.txt", "# lightgbm\nLightGBM[scikit-learn] ~= 4.5 ; python_version > '3'\n")
        try packages()
        #expect(try text("needed/debs.txt") == "libgomp1\n")
        #expect(try text("needed/more.txt") == "numpy\n")
        try write("model/other.txt", "# lightgbm\n")
        try packages()
        #expect(try text("needed/debs.txt") == "\n")
    }

    /// The version of one of the service's own packages.
    private func own(_ name: String) throws -> String {
        let text = try String(contentsOf: ServiceFiles.requirements, encoding: .utf8)
        return try #require(text.firstMatch(of: try Regex("\\n\(name)==([^ ]+)", as: (Substring, Substring).self))).1
            .description
    }

    /// As the Dockerfile runs pip, in an environment that has the service's packages, without a network: what it would
    /// put there, or why not.
    private func pip() throws -> (status: Int32, said: String) {
        let dockerfile = String(decoding: try ServiceFiles.source("Dockerfile"), as: UTF8.self).replacing(
            "\\\n", with: "")
        let line = try #require(dockerfile.split(separator: "\n").first { $0.hasPrefix("RUN cd needed/models") })
        let command = try #require(line.dropFirst("RUN ".count).split(separator: "&& {").first)
        try write("bin/python", "#!/bin/sh\nexec '\(python.executable)' \"$@\" --dry-run\n")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: (directory / "bin/python").path)
        let run = try LocalProgram.run(
            ["sh", "-c", "exec 2>&1; \(command)"], in: directory.url,
            environment: [
                "PATH": "\((directory / "bin").path):/usr/bin:/bin", "PIP_CONFIG_FILE": "/dev/null",
                "PIP_NO_INDEX": "1",
            ])
        return (run.status, run.output)
    }

    @Test("cannot put other versions in the place of what the service itself runs on, however it names them")
    func servicesOwn() throws {
        let (click, place) = (try own("click"), directory / "model/wheels")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for words in [
            ["click", "8.1.7"], ["old", "1.0", "click<8.2"], ["fine", "1.0", "click>=8"], ["other", "1.0"],
        ] {
            _ = try python.answer(Self.wheel, [words[0], words[1], place.path] + words.dropFirst(2))
        }
        func end(_ text: String) throws -> (status: Int32, said: String) {
            try write("model/requirements.txt", "--find-links wheels\n\(text)\n")
            try packages()
            return try pip()
        }
        for text in ["fine==1.0", "click\nfine", "click==\(click)\nother", "Click>=8\nother==1.0"] {
            let end = try end(text)
            #expect(end.status == 0 && !end.said.contains("click-8.1.7"), "\(text): \(end.said)")
            #expect(end.said.contains("Would install "), "\(text): \(end.said)")
        }
        for text in ["old", "click<8.2", "./wheels/click-8.1.7-py3-none-any.whl", "click==8.1.*"] {
            let end = try end(text)
            #expect(end.status != 0, "\(text): \(end.said)")
            #expect(end.said.contains("The user requested (constraint) click==\(click)"), "\(text): \(end.said)")
        }
    }

    @Test("names no other version of what the service itself runs on: it is refused with its line, before pip is asked")
    func servicesOwnByLine() throws {
        let file = (directory / "model/requirements.txt").path
        func end(_ text: String) throws -> String {
            try write("model/requirements.txt", text)
            return try python.end(
                of: "packages.py", (directory / "model").path, ServiceFiles.requirements.path,
                (directory / "needed").path
            ).errors
        }
        let typing = try own("typing_extensions")
        #expect(
            try end("numpy\nTyping-Extensions [x] == 4.0.1  # by pip freeze\n") == """
                \(file):2: is Typing-Extensions 4.0.1, and the service itself runs on Typing-Extensions \(typing): \
                take the line out, or write Typing-Extensions==\(typing)

                """)
        try write("model/more.txt", "h11===0.9\n")
        #expect(try end("-r more.txt\n").contains("more.txt:1: is h11 0.9, and the service itself runs on h11 "))
        // What is as it is, for another Python, a constraint, or a package of models' is not refused here.
        for text in [
            "typing_extensions==\(typing)", "typing_extensions==\(typing).0", "typing_extensions==4.*",
            "h11==0.9; python_version < '3'", "-c more.txt\nh11", "scikit-learn==1.4.2", "h11-more==0.9",
        ] {
            #expect(try end(text + "\n") == "", "\(text)")
        }
        // A file that is not divided says nowhere what is the service's.
        try write("all.txt", "h11==0.16.0\n")
        try write("model/requirements.txt", "h11==0.9\n")
        _ = try python.run(
            "packages.py", (directory / "model").path, (directory / "all.txt").path, (directory / "needed").path)
        #expect(try text("needed/pins.txt") == "\n")
    }

    @Test("leaves the wheels that it names out of the directory of the image, where pip has them alone")
    func moved() throws {
        for place in ["wheels", "more/links"] {
            try FileManager.default.createDirectory(at: directory / "model/\(place)", withIntermediateDirectories: true)
        }
        _ = try python.answer(Self.wheel, ["first", "1.0", (directory / "model/wheels").path])
        _ = try python.answer(Self.wheel, ["second", "1.0", (directory / "model/more/links").path])
        _ = try python.answer(Self.wheel, ["unnamed", "1.0", (directory / "model/wheels").path])
        try write(
            "model/requirements.txt", "./wheels/first-1.0-py3-none-any.whl\n-f more/links\nsecond\n-r more/a.txt\n")
        try write("model/more/a.txt", "first\n")
        let dockerfile = String(decoding: try ServiceFiles.source("Dockerfile"), as: UTF8.self)
        let words = try #require(
            dockerfile.firstMatch(of: /RUN python packages\.py model requirements\.txt needed(.*)\n/)
        ).1
        _ = try LocalProgram.succeeded(
            [
                python.executable, "packages.py", (directory / "model").path, ServiceFiles.requirements.path,
                (directory / "needed").path,
            ] + words.split(separator: " ").map(String.init), in: ServiceFiles.sources)
        func files(_ name: String) throws -> [String] {
            try FileManager.default.subpathsOfDirectory(atPath: (directory / name).path).filter { $0.contains(".") }
                .sorted()
        }
        #expect(
            try files("needed/models") == [
                "more/a.txt", "more/links/second-1.0-py3-none-any.whl", "requirements.txt",
                "wheels/first-1.0-py3-none-any.whl",
            ])
        #expect(
            try files("model") == [
                "leaves.txt", "more/a.txt", "requirements.txt", "test.csv", "wheels/unnamed-1.0-py3-none-any.whl",
            ])
    }

    static let compiler = "the image has no compiler: build a wheel of it"

    @Test(
        "is refused before the build, with file and line, where pip could not install it in the image",
        arguments: [
            ("numpy\n-r gone.txt\n", 2, "there is no gone.txt in "),
            ("-r ../other.txt\n", 1, "../other.txt is not in the directory, which alone becomes part of the image"),
            ("-c /etc/limits.txt\n", 1, "/etc/limits.txt is not in the directory"),
            ("\n\n-e .\n", 3, "--editable needs sources, and \(compiler)"),
            ("--no-binary :all:\n", 1, "--no-binary needs sources, and \(compiler)"),
            ("./package\n", 1, "./package is no wheel (.whl), and \(compiler)"),
            ("package/own-1.0.tar.gz\n", 1, "package/own-1.0.tar.gz is no wheel (.whl), and \(compiler)"),
            ("git+https://example.org/a.git\n", 1, "is a repository, and \(compiler)"),
            ("own @ git+ssh://git@example.org/a.git@v1\n", 1, "is a repository, and \(compiler)"),
            ("https://example.org/own-1.0.tar.gz\n", 1, "is not the address of a wheel (.whl), and \(compiler)"),
            (
                "numpy @ file:///croot/numpy_1/dist/numpy-1.26-cp311-cp311-linux_x86_64.whl\n", 1,
                "/croot/numpy_1/dist/numpy-1.26-cp311-cp311-linux_x86_64.whl is a path of one computer, which the "
                    + "image does not have: put a wheel into the directory, and write ./wheels/….whl, or "
                    + "numpy==VERSION"
            ),
            ("./own-1.0-cp313-cp313-win_amd64.whl\n", 1, "own-1.0-cp313-cp313-win_amd64.whl is for another system"),
            ("./own.whl\n", 1, "own.whl is no name of a wheel, which is as package-1.0-py3-none-any.whl"),
            ("./.wheels/own-1.0-py3-none-any.whl\n", 1, "is hidden, and hidden files stay out of the image"),
            ("--find-links package\n", 1, "package holds no wheel (.whl)"),
            ("wheels\\own.whl\n", 1, "has a backslash: paths of the image are written with /"),
            ("numpy=1.26\n", 1, "'numpy=1.26' is no requirement: write one as scikit-learn==1.6.1"),
            ("numpy==1.26 pandas\n", 1, "'numpy==1.26 pandas' is no requirement"),
            ("pip install numpy\n", 1, "'pip install numpy' is no requirement"),
            ("numpy --upgrade\n", 1, "'--upgrade' is no option of a requirements file"),
            ("-i\n", 1, "--index-url needs a value"),
            ("--index-url 'https://a\n", 1, "has a quote that is not closed"),
            (
                "--extra-index-url https://${TOKEN}@example.org\n", 1,
                "${TOKEN} is no variable of the image's build: write what it stands for"
            ),
            (
                "a==1 --hash=sha256:00\nb==1\n", 2,
                "has no --hash, as requirements.txt:1 has: pip then takes no package without one"
            ),
            ("a\n--require-hashes\n", 1, "has no --hash, as requirements.txt:2 has"),
        ] as [(String, Int, String)])
    func refused(text: String, line: Int, reason: String) async throws {
        for place in ["package/own-1.0.tar.gz", ".wheels/own-1.0-py3-none-any.whl", "own.whl"] {
            try write("model/\(place)", "")
        }
        try write("model/own-1.0-cp313-cp313-win_amd64.whl", "")
        try write("model/requirements.txt", text)
        let place = "\((directory / "model/requirements.txt").path):\(line): "
        let looked = Data(try await look().utf8)
        let said = try JSONDecoder().decode([String: String].self, from: looked)["refused"] ?? ""
        #expect(said.hasPrefix(place), "\(said)")
        #expect(said.contains(reason), "\(said)")
        // So does the build, where the operator has no Python.
        let end = try python.end(
            of: "packages.py", (directory / "model").path, ServiceFiles.requirements.path, (directory / "needed").path)
        #expect(end.status == 1 && end.errors.hasPrefix(place), "\(end.errors)")
    }

    @Test("that is not UTF-8 is refused with its line, and so is a file that it names")
    func encoding() async throws {
        try Data(Array("numpy\n# caf".utf8) + [0xE9, 0x0A]).write(to: directory / "model/other.txt")
        try write("model/requirements.txt", "-r other.txt\n")
        #expect(try await look().contains("other.txt:2: is not UTF-8: save it as UTF-8"))
    }

    @Test(
        "may have what else pip knows, and files that name each other",
        arguments: [
            "scikit_learn[all] (>=1.0,<2)  # comment\nA.b-c==1.*;python_version<'3.12'\nd===1.0+local\n",
            "-i https://example.org/simple --extra-index-url=https://example.org/more --trusted-host example.org\na\n",
            "own @ https://example.org/own-1.0-py3-none-any.whl#sha256=00 ; python_version > '3'\n",
            "https://example.org/own-1.0-1-cp313-cp313-manylinux_2_28_x86_64.whl?x=1\n", "-r requirements.txt\na\n",
            "--pre\n--prefer-binary\n--only-binary=:all:\n-f https://example.org/links\na\n",
            "-r https://example.org/more.txt\n", "a # --upgrade\n", "a#b\n", "\\\n", "# a\\\nb\n",
        ])
    func others(text: String) async throws {
        try write("model/requirements.txt", text)
        let said = try await look()
        if text == "a#b\n" {
            #expect(said.contains("'a#b' is no requirement"), "\(said)")
        } else {
            #expect(said.contains(#""requirements": true"#), "\(said)")
        }
    }

    private func write(_ name: String, _ text: String) throws {
        let file = directory / name
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func text(_ name: String) throws -> String { try String(contentsOf: directory / name, encoding: .utf8) }

    /// What deploy is told of the directory, before it builds.
    private func look() async throws -> String {
        try await firstLook(["--directory", (directory / "model").path, "--json"])
    }

    /// As the first stage of the Dockerfile does it.
    private func packages() throws {
        try? FileManager.default.removeItem(at: directory / "needed")
        _ = try python.run(
            "packages.py", (directory / "model").path, ServiceFiles.requirements.path, (directory / "needed").path)
    }

    /// What pip installs of it, as the Dockerfile runs it.
    private func installed() throws -> String {
        let report = """
            import json, sys
            found = json.load(open(sys.argv[1]))["install"]
            print(*sorted(f"{one['metadata']['name']} {one['metadata']['version']}" for one in found), sep=", ", end="")
            """
        _ = try LocalProgram.succeeded(
            [
                python.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed",
                "--disable-pip-version-check", "--only-binary=:all:", "-r", "requirements.txt", "--report",
                (directory / "report.json").path,
            ], in: directory / "needed/models")
        return try python.answer(report, [(directory / "report.json").path])
    }
}
