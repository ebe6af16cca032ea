import ForgeCore
import ForgePlan

/// What stood in a file before kubeforge wrote it: kept once, beside it.
enum OriginalFile {
    static func copy(of path: String) -> String { path + ".before-kubeforge" }

    /// Copies the file unless it is kubeforge's own, as its package ships it, or kept already; tells when it did.
    static func keep(_ path: String, ofPackage package: String = "", on machine: Machine) async throws {
        let command = Command("sh", "-c", Word(script), "sh", Word(path), Word(copy(of: path)), Word(package)).asRoot()
        let isKept = try await machine.run(command).text.hasPrefix("kept")
        if isKept { machine.tell("what was in \(path) is kept as \(copy(of: path))") }
    }

    /// dpkg knows the md5 of each configuration file as it was shipped.
    private static let script = """
        set -e
        if [ ! -f "$1" ] || [ -e "$2" ]; then exit 0; fi
        read -r first <"$1" || :
        case $first in '# Written by kubeforge'*) exit 0;; esac
        sum=$(md5sum <"$1")
        if [ -n "$3" ] && dpkg-query -W -f '${Conffiles}\n' -- "$3" 2>/dev/null | grep -qF " $1 ${sum%% *}"; then exit 0; fi
        cp -p -- "$1" "$2"
        echo kept
        """
}
