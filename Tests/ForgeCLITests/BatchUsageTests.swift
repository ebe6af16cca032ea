import Testing

@Suite("What is wrong with a batch run, a schedule or a push")
struct BatchUsageTests {
    @Test(
        "is said before anything is contacted, also before an inventory is looked for",
        arguments: [
            (
                ["batch", "schedule", "61 * * * *"],
                """
                ✗ "61 * * * *" is not a schedule
                  why  minute: '61': 61 is not from 0 to 59
                  fix  for instance "0 2 * * *": at 02:00 UTC every day

                """
            ),
            (
                ["batch", "run", "--input", "rows.csv"],
                """
                ✗ --input rows.csv cannot be used
                  why  there is no such file
                  fix  name a CSV or Parquet file of this computer, or an http(s) address

                """
            ),
            (
                ["push", "churn"],
                """
                ✗ churn cannot be pushed
                  why  there is no such directory
                  fix  name a directory with a trained model and test.csv; `kubeforge init` makes one

                """
            ),
            (
                ["push", "/proc/version"],
                """
                ✗ /proc/version cannot be pushed
                  why  it is a file
                  fix  name a directory with a trained model and test.csv; `kubeforge init` makes one

                """
            ),
            (
                ["batch", "run", "--results", "/proc/version/out"],
                """
                ✗ --results /proc/version/out cannot be written to
                  why  /proc/version is a file
                  fix  name a directory of your own

                """
            ),
        ])
    func said(arguments: [String], message: String) async throws {
        let result = try await Binary.run(arguments, in: Scene())
        #expect(result.code == 64)
        #expect(result.errors == message)
    }

    @Test("is said of a directory that has answers of the other kind, and of a file for drift that is not there")
    func otherKind() async throws {
        let scene = try Scene()
        try scene.write("row,lda\n", to: "desk/out/predictions.csv")
        #expect(
            try await Binary.run(["batch", "run", "--results", "out", "--parquet"], in: scene).errors == """
                ✗ --results out has the predictions.csv of another run
                  why  the new scores.json beside it would seem to belong to it
                  fix  name another directory, or move that file away

                """)
        #expect(
            try await Binary.run(["drift", "gone.csv"], in: scene).errors == """
                ✗ gone.csv cannot be used
                  why  there is no such file
                  fix  name a CSV or Parquet file of this computer

                """)
    }

    @Test(
        "ends with the usage",
        arguments: [
            (["batch", "run", "--shards", "0"], "--shards 0: from 1 to 100"),
            (["batch", "run", "--keep", "a,,b"], "--keep a,,b: names of columns between commas"),
            (["batch", "run", "--keep", ""], "names of columns between commas, such as customer,plan; or all"),
            (["batch", "schedule", "@daily", "--keep", "a,,b"], "--keep a,,b: names of columns between commas"),
            (
                ["batch", "schedule", "@daily", "--keep", ""],
                "names of columns between commas, such as customer,plan; or all"
            ),
            (["drift", "rows.csv", "--max-psi", "0"], "--max-psi 0.0: from 0.01 to 100"),
            (
                ["batch", "schedule", "@daily", "--input", "a.csv"],
                "a schedule may run while this computer is off; name an http(s) address"
            ),
            (
                ["batch", "schedule", "@daily", "--name", "Weekly"],
                "--name Weekly: 1 to 17 lower-case letters, digits and dashes"
            ),
            (["batch", "unschedule", "--name", "-"], "--name -: 1 to 17 lower-case letters, digits and dashes"),
        ])
    func usage(arguments: [String], message: String) async throws {
        let result = try await Binary.run(arguments, in: Scene())
        #expect(result.code == 64)
        #expect(result.errors.contains(message), "\(result.errors)")
    }
}
