import ForgeCore
import ForgeInventory
import ForgePlan
import Foundation

extension Mirrors.Key {
    /// The key as the step for the repository wants it; a file on the operator's machine is read here.
    func signingKey(for repository: String) throws(Problem) -> AptRepository.SigningKey {
        switch self {
        case .url(let url, let fingerprint): return .url(url, fingerprint: fingerprint)
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8),
                text.contains("BEGIN PGP PUBLIC KEY")
            else {
                throw Problem(
                    what: "the signing key \(path) of the \(repository) mirror cannot be read",
                    why: FileManager.default.fileExists(atPath: path)
                        ? "it is not an ASCII-armoured public key" : "there is no such file",
                    fix:
                        "correct mirrors: apt: \(repository): key: in the inventory (for the lab: `kubeforge lab up` makes it)"
                )
            }
            return .text(text)
        }
    }
}
