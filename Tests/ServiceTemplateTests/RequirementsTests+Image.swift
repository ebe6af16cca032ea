import Foundation
import Testing

/// What packages.py hands to the build of the image, and what a real pip makes of that.
extension RequirementsTests {
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
        try directory.write(
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
        try directory.write("model/more/others.txt", "--find-links links\n-rthird.txt\n")
        try directory.write("model/more/third.txt", "third == 1.0\n")
        try directory.write("model/more/limits.txt", "second<3\n")
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
        try directory.write(
            "model/requirements.txt",
            "--no-index\n--find-links more/links\nthird==1.0 \\\n    --hash=sha256:\(digest)\n")
        try packages()
        #expect(try installed() == "third 1.0")
    }

    @Test("names packages that need something of Debian, in whatever file and form")
    func debs() throws {
        try directory.write("model/requirements.txt", "-r other.txt\n")
        try directory.write("model/other.txt", "# lightgbm\nLightGBM[scikit-learn] ~= 4.5 ; python_version > '3'\n")
        try packages()
        #expect(try directory.text("needed/debs.txt") == "libgomp1\n")
        #expect(try directory.text("needed/more.txt") == "numpy\n")
        try directory.write("model/other.txt", "# lightgbm\n")
        try packages()
        #expect(try directory.text("needed/debs.txt") == "\n")
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
            try directory.write("model/requirements.txt", "--find-links wheels\n\(text)\n")
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
            try directory.write("model/requirements.txt", text)
            return try python.end(
                of: "packages.py", (directory / "model").path, ServiceFiles.requirements.path,
                (directory / "needed").path
            ).errors
        }
        let typing = try own("typing_extensions")
        #expect(
            try end("numpy\nTyping-Extensions [x] == 4.0.1  # by pip freeze\n") == """
                \(file):2: is Typing-Extensions 4.0.1, but the service itself runs on Typing-Extensions \(typing): \
                remove the line, or write Typing-Extensions==\(typing)

                """)
        try directory.write("model/more.txt", "h11===0.9\n")
        #expect(try end("-r more.txt\n").contains("more.txt:1: is h11 0.9, but the service itself runs on h11 "))
        // What is as it is, for another Python, a constraint, or a package of models' is not refused here.
        for text in [
            "typing_extensions==\(typing)", "typing_extensions==\(typing).0", "typing_extensions==4.*",
            "h11==0.9; python_version < '3'", "-c more.txt\nh11", "scikit-learn==1.4.2", "h11-more==0.9",
        ] {
            #expect(try end(text + "\n") == "", "\(text)")
        }
        // A file that is not divided says nowhere what is the service's.
        try directory.write("all.txt", "h11==0.16.0\n")
        try directory.write("model/requirements.txt", "h11==0.9\n")
        _ = try python.run(
            "packages.py", (directory / "model").path, (directory / "all.txt").path, (directory / "needed").path)
        #expect(try directory.text("needed/pins.txt") == "\n")
    }

    @Test("leaves the wheels that it names out of the directory of the image, where pip has them alone")
    func moved() throws {
        for place in ["wheels", "more/links"] {
            try FileManager.default.createDirectory(at: directory / "model/\(place)", withIntermediateDirectories: true)
        }
        _ = try python.answer(Self.wheel, ["first", "1.0", (directory / "model/wheels").path])
        _ = try python.answer(Self.wheel, ["second", "1.0", (directory / "model/more/links").path])
        _ = try python.answer(Self.wheel, ["unnamed", "1.0", (directory / "model/wheels").path])
        try directory.write(
            "model/requirements.txt", "./wheels/first-1.0-py3-none-any.whl\n-f more/links\nsecond\n-r more/a.txt\n")
        try directory.write("model/more/a.txt", "first\n")
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

    /// The version of one of the service's own packages.
    private func own(_ name: String) throws -> String {
        let text = try String(contentsOf: ServiceFiles.requirements, encoding: .utf8)
        return try #require(text.firstMatch(of: try Regex("\\n\(name)==([^ ]+)", as: (Substring, Substring).self))).1
            .description
    }

    /// As the first stage of the Dockerfile does it.
    private func packages() throws {
        try? FileManager.default.removeItem(at: directory / "needed")
        _ = try python.run(
            "packages.py", (directory / "model").path, ServiceFiles.requirements.path, (directory / "needed").path)
    }

    /// As the Dockerfile runs pip, in an environment that has the service's packages, without a network: what it would
    /// put there, or why not.
    private func pip() throws -> (status: Int32, said: String) {
        let dockerfile = String(decoding: try ServiceFiles.source("Dockerfile"), as: UTF8.self).replacing(
            "\\\n", with: "")
        let line = try #require(dockerfile.split(separator: "\n").first { $0.hasPrefix("RUN cd needed/models") })
        let command = try #require(line.dropFirst("RUN ".count).split(separator: "&& {").first)
        try directory.write("bin/python", "#!/bin/sh\nexec '\(python.executable)' \"$@\" --dry-run\n")
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
