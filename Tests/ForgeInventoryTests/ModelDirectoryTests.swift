import ForgeInventory
import Testing

@Suite("A model of one's own")
struct ModelDirectoryTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(
        "is a directory with a model file or a program that makes one, and example rows",
        arguments: [
            ["churn.joblib", "test.csv"], ["price.ubj", "lgbm.txt", "test.parquet"], ["net.onnx", "test.csv"],
            ["lgbm.txt", "test.csv"],
            ["train.py", "train.csv", "test.csv"], ["model.py", "test.csv"], ["train.py", "generate_data.py"],
        ])
    func isFound(files: [String]) throws {
        for file in files { try scratch.write([65], to: "churn/\(file)") }
        let text = "service:\n  model: churn/\n  target: churned\n  index: \"# No\"\n"
        let service = try scratch.read(twoHosts + text).service
        #expect(service.model == scratch.directory + "/churn")
        #expect(service.target == "churned")
        #expect(service.index == "# No")
    }

    @Test(
        "that cannot be one is told, with what it has and what it needs",
        arguments: [
            (
                ["test.csv", "requirements.txt", "README.txt", ".hidden.joblib"],
                """
                inventory.yaml:11:10  service.model: churn has neither a model file nor a train.py nor a model.py
                  why  it has README.txt, requirements.txt, test.csv
                  fix  put your trained model into it: .joblib, .pkl, .skops, .onnx, .ubj or .json (XGBoost), .txt \
                (LightGBM); or a train.py that writes one; `kubeforge init --model FILE` makes such a directory
                """
            ),
            (
                ["churn.joblib"],
                """
                inventory.yaml:11:10  service.model: churn has no test.csv and no test.parquet
                  why  example rows teach the service the names and types of its columns, and are what a release is \
                checked with
                  fix  put some rows that the model was not trained on into churn/test.csv, with a header
                """
            ),
        ])
    func isIncomplete(files: [String], told: String) throws {
        for file in files { try scratch.write([65], to: "churn/\(file)") }
        #expect(try scratch.problems(twoHosts + "service:\n  model: churn\n") == [told])
    }

    @Test("that cannot be one is told with the first eight names in it", arguments: [(8, ""), (9, ", …")])
    func hasManyNames(count: Int, rest: String) throws {
        for number in (1...count).reversed() { try scratch.write([65], to: "churn/\(number).md") }
        let told = try scratch.problems(twoHosts + "service:\n  model: churn\n").first ?? ""
        #expect(
            told.contains("\n  why  it has 1.md, 2.md, 3.md, 4.md, 5.md, 6.md, 7.md, 8.md\(rest)\n"), "\(told)")
    }

    @Test("that is a file is made a directory by a command that is told")
    func isFile() throws {
        try scratch.write([65], to: "churn.joblib")
        #expect(
            try scratch.problems(twoHosts + "service:\n  model: churn.joblib\n") == [
                """
                inventory.yaml:11:10  service.model: needs the directory that the model is in, with its example rows
                  fix  `kubeforge init --model churn.joblib` makes one from the file
                """
            ])
    }

    @Test("stands alone: its rows are in its directory, and its columns are two")
    func isNotBesideData() throws {
        for file in ["churn/churn.pkl", "churn/test.csv", "eeg/train.csv", "eeg/test.csv"] {
            try scratch.write([65], to: file)
        }
        let text = "service:\n  model: churn\n  data: eeg\n  target: a\n  index: a\n"
        #expect(
            try scratch.problems(twoHosts + text) == [
                """
                inventory.yaml:12:9  service.data: conflicts with model: (line 11), which brings its own rows
                  fix  put test.csv, and train.csv where a train.py reads it, into the directory of model:, and remove \
                data:
                """,
                """
                inventory.yaml:14:10  service.index: is also the column of target:
                  fix  name two different columns, or leave out one of the keys
                """,
            ])
    }
}
