/// A number of bytes as a person reads it: `640 bytes`, `41 kB`, `1.3 MB`, `212 MB`, `4.3 GB`.
struct ByteCount: CustomStringConvertible {
    let bytes: Int

    init(_ bytes: Int) { self.bytes = bytes }

    var description: String {
        switch bytes {
        case ..<1000: "\(bytes) bytes"
        case ..<999_500: "\((bytes + 500) / 1000) kB"
        case ..<9_950_000: "\((bytes + 50_000) / 1_000_000).\((bytes + 50_000) / 100_000 % 10) MB"
        case ..<999_500_000: "\((bytes + 500_000) / 1_000_000) MB"
        default: "\((bytes + 50_000_000) / 1_000_000_000).\((bytes + 50_000_000) / 100_000_000 % 10) GB"
        }
    }
}
