/// What editors of Windows put before text in UTF-8: nobody sees it, and it is no part of the text.
extension [UInt8] {
    package var withoutByteOrderMark: [UInt8] { starts(with: [0xEF, 0xBB, 0xBF]) ? Array(dropFirst(3)) : self }
}

extension String {
    /// Text of a file that a person has written.
    package init(withoutByteOrderMark bytes: [UInt8]) { self.init(decoding: bytes.withoutByteOrderMark, as: UTF8.self) }
}
