import ForgeCore
import ForgeTestSupport
import Foundation
import Testing

@testable import ForgeService

@Suite("The rows of a batch run")
struct BatchInputTests {
    private func input(_ text: String?, _ directory: TemporaryDirectory) throws(Problem) -> BatchInput {
        try BatchInput(text) { $0.hasPrefix("/") ? $0 : "\(directory.path)/\($0)" }
    }

    @Test("are the image's own, an address, or a file")
    func kinds() async throws {
        try await TemporaryDirectory.during { directory in
            let path = try directory.write("rows.csv", "Line,a\n0,1\n")
            #expect(try input(nil, directory) == .own)
            #expect(try input("https://data.example/rows.csv", directory) == .url("https://data.example/rows.csv"))
            #expect(try input("rows.csv", directory) == .file(path: path, size: 11))
            #expect(try input("rows.csv", directory).name == "rows.csv")
            #expect(
                try input("https://user:word@data.example/rows.csv?token=1", directory).name
                    == "https://data.example/rows.csv")
        }
    }

    @Test(
        "are shown by their address, without what may be a password; that something stood there is told",
        arguments: [
            ("https://data.example/rows.csv", "https://data.example/rows.csv"),
            ("https://data.example/rows.csv#word", "https://data.example/rows.csv?•••"),
            ("https://data.example/rows.csv?a=b#word", "https://data.example/rows.csv?•••"),
            ("https://ann:w@rd@data.example/a@b.csv", "https://data.example/a@b.csv"),
            ("https://data.example?key=a@b/c", "https://data.example?•••"), ("rows?.csv", "rows?.csv"),
        ])
    func shown(address: String, expected: String) { #expect(BatchInput.shown(address) == expected) }

    @Test(
        "may begin with any column, as each program writes them",
        arguments: ["\u{FEFF}Line,a\n0,1\n", "\"customer\";a\n", "age,plan\r\n41,pro\r\n", "PAR1PAR1"])
    func columns(text: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("rows.csv", text)
            #expect(throws: Never.self) { try input("rows.csv", directory) }
        }
    }

    @Test("are known as what they are, whatever their name: text, packed, or Parquet")
    func forms() async throws {
        try await TemporaryDirectory.during { directory in
            for (bytes, form) in [
                (Array("Line,a\n".utf8), RowsFile.Form.plain), ([0x1F, 0x8B, 8, 0], .gzip),
                (Array("PAR1…PAR1".utf8), .parquet),
            ] {
                try Data(bytes).write(to: URL(filePath: directory.path("rows")))
                guard case .file(_, _, let found) = try input("rows", directory) else {
                    throw Problem(what: "it is no file")
                }
                #expect(found == form)
            }
        }
    }

    @Test(
        "are looked at before anything is contacted",
        arguments: [
            ("missing.csv", "there is no such file"), (".", "it is a directory"), ("empty.csv", "it is empty"),
            ("text.parquet", "its name ends in .parquet, and it is no Parquet file"),
            ("cut.parquet", "it is a Parquet file that is cut off"),
            ("head.parquet", "it is a Parquet file that is cut off"),
            ("ftp://data.example/rows.csv", "it is neither an http:// nor an https:// address with a host"),
            ("http:///rows.csv", "it is neither an http:// nor an https:// address with a host"),
        ])
    func refused(text: String, why: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.write("empty.csv", "")
            try directory.write("text.parquet", "a,b\n1,2\n")
            try directory.write("cut.parquet", "PAR1…")
            try directory.write("head.parquet", "PAR1")
            let error = #expect(throws: Problem.self) { try input(text, directory) }
            #expect(error?.why == why)
            #expect(error?.kind == .usage)
        }
    }

    @Test("are behind the address that a file holds, of which nothing is told")
    func addressInFile() async throws {
        try await TemporaryDirectory.during { directory in
            let address = "https://ann:s3cret@data.example/rows.csv?t=1"
            try directory.write("address", "\(address)\n")
            #expect(try input("@address", directory) == .url(address))
            #expect(try input("@\(directory.path("address"))", directory) == .url(address))
            try directory.write("rows", "s3cret,Line\n0,1\n")
            try directory.write("two", "https://data.example/s3cret https://data.example/s3cret\n")
            try directory.write("empty", "\n")
            for name in ["rows", "two", "empty"] {
                let error = #expect(throws: Problem.self) { try input("@\(name)", directory) }
                #expect(
                    error?.description == """
                        --input @\(name) cannot be used
                          why  the file does not hold one http:// or https:// address with a host, and nothing else
                          fix  write the address into it; a file with rows is named without the @
                        """)
            }
            #expect(#expect(throws: Problem.self) { try input("@missing", directory) }?.why == "there is no such file")
        }
    }

    @Test("are in no pipe, which is not waited for", arguments: ["pipe", "@pipe"])
    func pipe(text: String) async throws {
        try await TemporaryDirectory.during { directory in
            try directory.pipe("pipe")
            let error = #expect(throws: Problem.self) { try input(text, directory) }
            #expect(
                error?.description == """
                    --input \(text) cannot be used
                      why  it is a pipe or a socket, not a file
                      fix  save its output to a file, and name that file
                    """)
        }
    }
}
