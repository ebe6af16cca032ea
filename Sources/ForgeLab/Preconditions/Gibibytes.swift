extension Int {
    /// A number of bytes as "2.9 GiB": rounded down, since 2.99 are not 3.
    var gibibytes: String {
        let tenths = (self * 10) >> 30
        return "\(tenths / 10).\(tenths % 10) GiB"
    }
}
