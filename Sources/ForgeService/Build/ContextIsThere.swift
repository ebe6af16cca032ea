import ForgeCore
import ForgePlan

/// The build context lies on the machine that builds. Its place is named by its content, so that it is sent once.
package struct ContextIsThere: Step {
    package let context: BuildContext

    package init(_ context: BuildContext) { self.context = context }

    package var title: String { "build context \(context.tag) is there" }

    package var questions: [Question] { [.file(Places.context(context.tag))] }

    package func differences(given answers: Answers) -> [Difference] {
        answers.file(Places.context(context.tag))?.kind == .directory
            ? [] : ["\(context.files.count) files, \(context.archive.count) bytes, are not there"]
    }

    package func apply(to machine: Machine) async throws {
        try await machine.run(unpack, fix: "is there space left on \(machine.host.name)? `df -h /var/lib` tells")
    }

    /// Into a temporary folder, renamed when it is complete: a folder with the final name is never half of one.
    private var unpack: Command {
        let script = """
            set -eu; umask 022; place=$1
            \(ShellFunction.place)
            rm -rf -- "$place".kubeforge.*
            new="$place.kubeforge.$$"
            mkdir -p -- "$new"
            cat > "$new.tar"
            sum=$(sha256sum < "$new.tar"); sum=${sum%% *}
            if [ "$sum" != "$2" ]; then rm -rf -- "$new" "$new.tar"; echo "the context's sha256 is $sum after the transfer, expected $2" >&2; exit 1; fi
            tar -xf "$new.tar" -C "$new" --no-same-owner
            rm -f -- "$new.tar"
            place "$new" "$place"
            """
        return Command("sh", "-c", Word(script), "sh", Word(Places.context(context.tag)), Word(SHA256.hex(context.archive)))
            .reading(.bytes(context.archive)).asRoot()
    }
}
