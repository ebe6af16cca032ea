/// Colours, where the stream wants them.
struct TextStyle: Sendable {
    let isOn: Bool

    enum Color: String {
        case green = "32"
        case red = "31"
        case yellow = "33"
        case dim = "2"
        case bold = "1"
        case blue = "34"
        case magenta = "35"
        case cyan = "36"

        /// For things of one kind that shall be told apart; red and green mean something.
        static let ofMany: [Color] = [.cyan, .yellow, .magenta, .blue]
    }

    func callAsFunction(_ text: String, _ ink: Color) -> String {
        isOn && !text.isEmpty ? "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[0m" : text
    }
}
