import ForgeTestSupport

/// A program of this computer, run to its end.
struct LocalProgram {
    /// What it wrote to both of its outputs, in order.
    let output: String
    let exitCode: Int32

    init(_ words: String..., input: [UInt8] = []) throws {
        let program = try FinishedProgram.run(words, input: input, isMerged: true)
        output = String(decoding: program.output, as: UTF8.self)
        exitCode = program.status
    }
}
