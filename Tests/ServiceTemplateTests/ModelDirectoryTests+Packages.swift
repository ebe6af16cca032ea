import Foundation
import Testing

/// The packages that it gets, and a model that was saved with others.
extension ModelDirectoryTests {
    @Test("gets the packages that its models were saved with, or those of its own requirements.txt")
    func packagesOfModels() throws {
        try make("churn")
        // As pip itself reads them.
        let ours = try Set(projects("models/requirements.txt"))
        #expect(ours.isSuperset(of: ["joblib", "numpy", "scikit-learn", "scipy"]))
        #expect(try Set(projects("server.txt")).isSuperset(of: ["starlette", "uvicorn"]))
        #expect(try Set(projects("server.txt")).isDisjoint(with: ours))
        #expect(try projects("more.txt") == ["pandas"])
        #expect(try packages()["debs.txt"] == "\n")
        try make("skops")
        #expect(try projects("more.txt") == ["pandas", "skops"])
        try make("own")
        #expect(try projects("more.txt") == ["pandas"])
        try make("boosters")
        #expect(try packages()["more.txt"] == "lightgbm==4.7.0\npandas==3.0.6\nxgboost-cpu==3.2.0\n")
        #expect(try packages()["debs.txt"] == "libgomp1\n")
        try Data("scikit-learn==1.6.1\n".utf8).write(to: model.appending(path: "requirements.txt"))
        #expect(try packages()["debs.txt"] == "\n")
        #expect(try packages()["models/requirements.txt"] == "scikit-learn==1.6.1\n")
        #expect(try packages()["more.txt"] == "numpy\n")
    }

    @Test(
        """
        whose model another version of scikit-learn has saved is refused, unless expected.csv shows that it does no harm
        """
    )
    func otherVersion() throws {
        let kind = Kind(name: "expected", target: "churned", index: "customer", first: ".")
        try make("expected")
        let file = model.appending(path: "churn.joblib")
        var content = try Data(contentsOf: file)
        let version = try #require(content.range(of: Data("1.9.1".utf8)))
        content.replaceSubrange(version, with: Data("1.8.9".utf8))
        try content.write(to: file)
        #expect(try packages()["models/requirements.txt"] == "scikit-learn==1.8.9\nnumpy\n")
        #expect(
            try train(kind).contains(
                """
                note: churn.joblib: it was saved by scikit-learn 1.8.9, but 1.9.1 is installed: pin \
                scikit-learn==1.8.9 in requirements.txt, or save the model again with the installed version; the \
                answers match expected.csv anyway\n
                """
            ))
        try FileManager.default.removeItem(at: model.appending(path: "expected.csv"))
        #expect(
            try trainingEnd(kind).errors
                == """
                churn.joblib: was saved by scikit-learn 1.8.9, but 1.9.1 is installed, which may read it \
                differently: pin scikit-learn==1.8.9 in requirements.txt, or save the model again with the installed \
                version\n
                """
        )
    }

    /// What pip would install of one of the files.
    private func projects(_ file: String) throws -> [String] {
        _ = try packages()
        let read = """
            import sys
            from pip._internal.network.session import PipSession
            from pip._internal.req import parse_requirements
            from pip._internal.req.constructors import install_req_from_parsed_requirement as requirement
            for one in parse_requirements(sys.argv[1], session=PipSession()): print(requirement(one).name)
            """
        let path = (directory / "packages").appending(path: file).path
        return try python.answer(read, [path]).split(separator: "\n").map(String.init)
    }

    private func packages() throws -> [String: String] {
        let place = directory / "packages"
        _ = try python.run("packages.py", model.path, ServiceFiles.requirements.path, place.path)
        let names = ["server.txt", "models/requirements.txt", "more.txt", "debs.txt"]
        return try Dictionary(
            uniqueKeysWithValues: names.map {
                ($0, try String(contentsOf: place.appending(path: $0), encoding: .utf8))
            })
    }
}
