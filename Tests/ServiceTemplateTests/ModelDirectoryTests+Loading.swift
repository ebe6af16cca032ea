import Foundation
import Testing

/// What loads its models must know: modules of its own, and types that somebody trusts.
extension ModelDirectoryTests {
    @Test(
        "whose model cannot be loaded is refused with what is to be done",
        arguments: [
            (
                "import missing_package\n",
                """
                square.joblib: needs the module 'missing_package': add its package to requirements.txt, or put \
                missing_package.py beside the model\n
                """
            ),
            (
                "",
                "square.joblib: cannot be loaded: AttributeError: Can't get attribute 'Squares' on <module 'features' "
                    + "from "
            ),
        ])
    func cannotBeLoaded(module: String, reason: String) throws {
        try make("transformer")
        try Data(module.utf8).write(to: model.appending(path: "features.py"))
        let end = try trainingEnd(Kind(name: "transformer", first: "."))
        #expect(end.status == 1)
        #expect(end.errors.hasPrefix(reason), "\(end.errors)")
    }

    @Test("with types in a skops file that nobody trusts is refused, until trusted.txt names them")
    func untrusted() throws {
        try make("transformer")
        let script = """
            import joblib, pathlib, skops.io, sys
            directory = pathlib.Path(sys.argv[1]); sys.path.append(sys.argv[1])
            skops.io.dump(joblib.load(directory / "square.joblib"), directory / "square.skops")
            (directory / "square.joblib").unlink()
            """
        _ = try python.answer(script, [model.path])
        let kind = Kind(name: "transformer", first: ".")
        #expect(
            try trainingEnd(kind).errors
                == """
                square.skops: needs types that are not trusted yet: features.Squares; list those that you trust in \
                trusted.txt, one per line\n
                """
        )
        try Data("features.Squares\n".utf8).write(to: model.appending(path: "trusted.txt"))
        #expect(try train(kind).contains("version "))
    }
}
