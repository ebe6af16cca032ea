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
        try directory.write("model/leaves.txt", "tree\n")
        try directory.write("model/test.csv", "a\n1\n")
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
            ("./package\n", 1, "./package is not a wheel (.whl), and \(compiler)"),
            ("package/own-1.0.tar.gz\n", 1, "package/own-1.0.tar.gz is not a wheel (.whl), and \(compiler)"),
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
            ("./own.whl\n", 1, "own.whl is not the name of a wheel, such as package-1.0-py3-none-any.whl"),
            ("./.wheels/own-1.0-py3-none-any.whl\n", 1, "is hidden, and hidden files stay out of the image"),
            ("--find-links package\n", 1, "package holds no wheel (.whl)"),
            ("wheels\\own.whl\n", 1, "has a backslash: write paths with /"),
            ("numpy=1.26\n", 1, "'numpy=1.26' is not a requirement: write one such as scikit-learn==1.6.1"),
            ("numpy==1.26 pandas\n", 1, "'numpy==1.26 pandas' is not a requirement"),
            ("pip install numpy\n", 1, "'pip install numpy' is not a requirement"),
            ("numpy --upgrade\n", 1, "'--upgrade' is not an option of a requirements file"),
            ("-i\n", 1, "--index-url needs a value"),
            ("--index-url 'https://a\n", 1, "has a quote that is not closed"),
            (
                "--extra-index-url https://${TOKEN}@example.org\n", 1,
                "${TOKEN} is not a variable of the image's build: write its value"
            ),
            (
                "a==1 --hash=sha256:00\nb==1\n", 2,
                "has no --hash, but requirements.txt:1 has: pip then takes no package without one"
            ),
            ("a\n--require-hashes\n", 1, "has no --hash, but requirements.txt:2 has"),
        ] as [(String, Int, String)])
    func refused(text: String, line: Int, reason: String) async throws {
        for place in ["package/own-1.0.tar.gz", ".wheels/own-1.0-py3-none-any.whl", "own.whl"] {
            try directory.write("model/\(place)", "")
        }
        try directory.write("model/own-1.0-cp313-cp313-win_amd64.whl", "")
        try directory.write("model/requirements.txt", text)
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
        try directory.write("model/requirements.txt", "-r other.txt\n")
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
        try directory.write("model/requirements.txt", text)
        let said = try await look()
        if text == "a#b\n" {
            #expect(said.contains("'a#b' is not a requirement"), "\(said)")
        } else {
            #expect(said.contains(#""requirements": true"#), "\(said)")
        }
    }

    /// What deploy is told of the directory, before it builds.
    func look() async throws -> String {
        try await firstLook(["--directory", (directory / "model").path, "--json"])
    }
}
