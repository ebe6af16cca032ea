import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The rows of a batch run")
struct BatchInputTests {
    private func input(_ text: String?, _ folder: TemporaryFolder) throws(Problem) -> BatchInput {
        try BatchInput(text) { $0.hasPrefix("/") ? $0 : "\(folder.path)/\($0)" }
    }

    @Test("are the image's own, an address, or a file")
    func kinds() async throws {
        try await TemporaryFolder.during { folder in
            let path = try folder.write("rows.csv", "Line,a\n0,1\n")
            #expect(try input(nil, folder) == .own)
            #expect(try input("https://data.example/rows.csv", folder) == .url("https://data.example/rows.csv"))
            #expect(try input("rows.csv", folder) == .file(path: path, size: 11))
            #expect(try input("rows.csv", folder).name == "rows.csv")
            #expect(
                try input("https://user:word@data.example/rows.csv?token=1", folder).name
                    == "https://data.example/rows.csv")
        }
    }

    @Test(
        "may begin with any column, as each program writes them",
        arguments: ["\u{FEFF}Line,a\n0,1\n", "\"customer\";a\n", "age,plan\r\n41,pro\r\n", "PAR1PAR1"])
    func columns(text: String) async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("rows.csv", text)
            #expect(throws: Never.self) { try input("rows.csv", folder) }
        }
    }

    @Test("are known as what they are, whatever their name: text, packed, or Parquet")
    func forms() async throws {
        try await TemporaryFolder.during { folder in
            for (bytes, form) in [
                (Array("Line,a\n".utf8), RowsFile.Form.plain), ([0x1F, 0x8B, 8, 0], .gzip),
                (Array("PAR1…PAR1".utf8), .parquet),
            ] {
                try Data(bytes).write(to: URL(filePath: folder.path("rows")))
                guard case .file(_, _, let found) = try input("rows", folder) else {
                    throw Problem(what: "it is no file")
                }
                #expect(found == form)
            }
        }
    }

    @Test(
        "are looked at before anything is contacted",
        arguments: [
            ("missing.csv", "there is no such file"), (".", "it is a folder"), ("empty.csv", "it is empty"),
            ("text.parquet", "its name ends in .parquet, and it is no Parquet file"),
            ("cut.parquet", "it is a Parquet file that is cut off"),
            ("ftp://data.example/rows.csv", "it is neither an http:// nor an https:// address with a host"),
            ("http:///rows.csv", "it is neither an http:// nor an https:// address with a host"),
        ])
    func refused(text: String, why: String) async throws {
        try await TemporaryFolder.during { folder in
            try folder.write("empty.csv", "")
            try folder.write("text.parquet", "a,b\n1,2\n")
            try folder.write("cut.parquet", "PAR1…")
            let error = #expect(throws: Problem.self) { try input(text, folder) }
            #expect(error?.why == why)
            #expect(error?.kind == .usage)
        }
    }

    @Test("are behind the address that a file holds, of which nothing is told")
    func addressInFile() async throws {
        try await TemporaryFolder.during { folder in
            let address = "https://ann:s3cret@data.example/rows.csv?t=1"
            try folder.write("address", "\(address)\n")
            #expect(try input("@address", folder) == .url(address))
            #expect(try input("@\(folder.path("address"))", folder) == .url(address))
            try folder.write("rows", "s3cret,Line\n0,1\n")
            try folder.write("two", "https://data.example/s3cret https://data.example/s3cret\n")
            try folder.write("empty", "\n")
            for name in ["rows", "two", "empty"] {
                let error = #expect(throws: Problem.self) { try input("@\(name)", folder) }
                #expect(
                    error?.description == """
                        --input @\(name) cannot be used
                          why  the file does not hold one http:// or https:// address with a host, and nothing else
                          fix  write the address into it; a file with rows is named without the @
                        """)
            }
            #expect(#expect(throws: Problem.self) { try input("@missing", folder) }?.why == "there is no such file")
        }
    }

    @Test("are in no pipe, which is not waited for", arguments: ["pipe", "@pipe"])
    func pipe(text: String) async throws {
        try await TemporaryFolder.during { folder in
            try folder.pipe("pipe")
            let error = #expect(throws: Problem.self) { try input(text, folder) }
            #expect(
                error?.description == """
                    --input \(text) cannot be used
                      why  it is a pipe or a socket, not a file
                      fix  save its output to a file, and name that file
                    """)
        }
    }
}
