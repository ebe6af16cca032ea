import ForgeCore
import ForgeInventory
import ForgeTemplates
import Foundation

/// What a coordinator answers where it does not take something.
struct CourierRefusal: Sendable {
    let reason: String

    init(_ body: String) {
        struct Refusal: Decodable { var error: String }
        reason = OutsideJSON.decode(Refusal.self, from: body)?.error ?? body
    }
}

/// What a pod says of rows that the models cannot answer:
/// `input:8, column 2 (# Letter): must be a class from 0 to 25, is '99'`.
enum InputFault {
    /// The words for the input that pods have, who know no names of files here.
    private static var name: Regex<Substring> { /^(?:\/[^\s:]*\/)?input(?:\.csv)?(?=[:, ])/ }

    /// The fault, when this line of a log is one.
    static func fault(in line: String) -> String? { line.firstMatch(of: /^input:\d+[:, ]/) == nil ? nil : line }

    /// The same with the name that the user knows.
    static func named(_ reason: String, in input: BatchInput) -> String {
        guard let found = reason.firstMatch(of: name) else { return reason }
        return input.name + reason[found.range.upperBound...]
    }
}

extension Problem {
    /// The run's rows are no rows for the models.
    init(refused run: BatchRun, _ reason: String, on host: String) {
        let fix =
            switch run.input {
            case .own: "deploy again: the image's own test data cannot be read"
            case .url:
                """
                correct what is there; can the pods reach it? `kubectl -n \(run.service.namespace) get pods -o wide` \
                says where they run
                """
            case .file: "correct the file; its columns must be those of the rows that the models know"
            }
        self.init(
            what: "\(host): \(run.input.name) is not taken", why: InputFault.named(reason, in: run.input), fix: fix)
    }
}
