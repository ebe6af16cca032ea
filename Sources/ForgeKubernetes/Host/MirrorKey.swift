import ForgeCore
import ForgeInventory
import ForgePlan

extension Mirrors.Key {
    /// The key as the step for the repository wants it; a file on the operator's machine is read here.
    func signingKey(for repository: String) throws(Problem) -> AptRepository.SigningKey {
        switch self {
        case .url(let url, let fingerprint): return .url(url, fingerprint: fingerprint)
        case .file(let path):
            var (text, why) = ("", "it is not an ASCII-armoured public key")
            do throws(LocalFile.Failure) {
                text = String(validating: try LocalFile.read(path).bytes, as: UTF8.self) ?? ""
            } catch {
                why = error.isMissing ? "there is no such file" : error.reason
            }
            guard text.contains("BEGIN PGP PUBLIC KEY") else {
                throw Problem(
                    what: "the signing key \(path) of the \(repository) mirror cannot be read", why: why,
                    fix:
                        """
                        correct mirrors: apt: \(repository): key: in the inventory (for the lab: `kubeforge lab up` \
                        makes it)
                        """
                )
            }
            return .text(text)
        }
    }
}
