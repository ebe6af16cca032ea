import ForgeCore
import Testing

@testable import ForgeService

@Suite("A tar archive")
struct TarArchiveTests {
    private let files: [String: [UInt8]] = [
        "data/train.csv": Array("Line,# Letter\n".utf8), "Dockerfile": Array(repeating: 65, count: 512), "empty": [],
    ]

    @Test("is read by the system's tar: sorted, of root, from 1970")
    func isReadByTar() throws {
        let listing = try LocalProgram("tar", "--utc", "--full-time", "-tvf", "-", input: TarArchive(files).bytes)
        #expect(
            listing.output == """
                -rw-r--r-- root/root       512 1970-01-01 00:00:00 Dockerfile
                -rw-r--r-- root/root        14 1970-01-01 00:00:00 data/train.csv
                -rw-r--r-- root/root         0 1970-01-01 00:00:00 empty

                """)
        #expect(listing.exitCode == 0)
    }

    @Test("gives the contents back")
    func givesContentsBack() throws {
        let content = try LocalProgram("tar", "-xOf", "-", "data/train.csv", input: TarArchive(files).bytes)
        #expect(content.output == "Line,# Letter\n")
    }

    @Test(
        "holds a path of more than 100 bytes, as directories of packages have",
        arguments: [
            "model/" + String(repeating: "für/", count: 24) + String(repeating: "n", count: 100),
            String(repeating: "directory/", count: 22) + "x", String(repeating: "x", count: 100),
            String(repeating: "d", count: 155) + "/x",
        ])
    func longPath(path: String) throws {
        let listing = try LocalProgram(
            "tar", "--quoting-style=literal", "-tf", "-", input: TarArchive([path: []]).bytes)
        #expect(listing.output == path + "\n")
    }

    @Test("has the same bytes each time")
    func hasTheSameBytes() throws {
        let bytes = try TarArchive(files).bytes
        #expect(SHA256.hex(bytes) == "1de202b8431b53e388f923f6392c5c397a5dae49ae7190f060369a09b1160f04")
    }

    @Test(
        "refuses a path that tar would put elsewhere",
        arguments: [
            "/etc/passwd", "../up", String(repeating: "x", count: 101), String(repeating: "x/", count: 127) + "yyy",
            String(repeating: "x", count: 156) + "/y",
        ])
    func refusesPaths(path: String) {
        #expect(
            throws: Problem(
                what: "\(path) cannot be part of a build context",
                why: "paths are relative and have at most 255 bytes, each name 100", fix: "rename it")
        ) {
            try TarArchive([path: []])
        }
    }
}
