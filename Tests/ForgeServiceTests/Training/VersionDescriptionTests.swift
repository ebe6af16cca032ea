import ForgeCore
import Testing

@testable import ForgeService

@Suite("What is signed of a version")
struct VersionDescriptionTests {
    @Test("is its metadata.json, byte for byte, when it describes the version that the pod names")
    func whole() throws {
        let described = try VersionDescription(Signed.metadata, of: Signed.version, from: "kubmaster")
        #expect(described.bytes == Signed.metadata)
    }

    @Test(
        "is nothing else",
        arguments: [
            ("{", "is not JSON"), ("[]", "is of version nothing"),
            (#"{"version": "other"}"#, #"is of version "other""#),
            (#"{"version": "VERSION", "files": {}}"#, "does not name golden.json with its sha256"),
            (
                #"{"version": "VERSION", "files": {"golden.json": {"sha256": "GOLDEN"}, "a": {"sha256": "x"}}}"#,
                "has a file without a sha256"
            ),
            (
                #"{"version": "VERSION", "files": {"golden.json": {"sha256": "GOLDEN"}}}"#,
                "describes other files than the version's name says"
            ),
        ])
    func refused(text: String, why: String) {
        let text = text.replacing("VERSION", with: Signed.version).replacing("GOLDEN", with: Signed.golden)
        let problem = #expect(throws: Problem.self) {
            try VersionDescription(Array(text.utf8), of: Signed.version, from: "kubmaster")
        }
        #expect(
            problem?.description == """
                kubmaster: version \(Signed.version) is not signed
                  why  its metadata.json \(why)
                  fix  run it again
                """)
    }

    @Test("is bounded")
    func bounded() {
        let long = Signed.metadata + Array(repeating: UInt8(ascii: " "), count: VersionDescription.largest)
        let problem = #expect(throws: Problem.self) {
            try VersionDescription(long, of: Signed.version, from: "kubmaster")
        }
        #expect(problem?.why == "its metadata.json has more than 16 MiB")
        let largest = [UInt8](repeating: UInt8(ascii: "["), count: 16_777_216)
        let other = #expect(throws: Problem.self) {
            try VersionDescription(largest, of: Signed.version, from: "kubmaster")
        }
        #expect(other?.why == "its metadata.json is not JSON")
    }
}
