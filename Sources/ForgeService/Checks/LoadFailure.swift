/// Why a request of a load had no right answer, in the words that curl's manual has for its exit codes.
enum LoadFailure {
    /// `why` is what curl itself said.
    static func inWords(curl code: Int, _ why: String) -> String {
        switch code {
        // Refused, or no route: newer versions of curl do not tell.
        case 7: "could not connect"
        case 18: "answer cut off"
        case 28: "no answer in time"
        case 52: "empty answer"
        case 55, 56: "connection lost"
        default: why.isEmpty ? "curl's error \(code)" : why
        }
    }
}
