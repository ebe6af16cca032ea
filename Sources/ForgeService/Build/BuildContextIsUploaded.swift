import ForgeCore
import ForgeInventory
import ForgePlan

/// The build context lies on the machine that builds. Its place is named by its content, so that it is sent once.
package struct BuildContextIsUploaded: Step {
    /// The files, and the digest that names their directory on the machine.
    package let context: BuildContext
    private let ownership: Ownership

    package init(_ context: BuildContext, of service: Service) {
        self.context = context
        ownership = Ownership(service)
    }

    package var title: String { "build context \(context.tag) is uploaded" }

    package var questions: [Question] {
        [RemotePaths.context(context.tag), ownership.note(context.tag)].map { .file($0) } + [
            .file(RemotePaths.contexts)
        ]
    }

    /// What is missing: the directory, the note of whose it is, or the mode that keeps others out of it.
    package func differences(given answers: Answers) -> [Difference] {
        guard answers.file(RemotePaths.context(context.tag))?.kind == .directory else {
            return ["\(context.files.count) files, \(context.archive.count) bytes, are not uploaded"]
        }
        let mode = answers.file(RemotePaths.contexts)?.mode ?? 0
        return (answers.file(ownership.note(context.tag)) == nil ? ["its owner is not recorded"] : [])
            + (mode & 0o077 != 0
                ? [Difference("mode of \(RemotePaths.contexts)", from: String(mode, radix: 8), to: "700")] : [])
    }

    /// One upload of the whole archive, whose sha256 is compared before anything of it is unpacked.
    package func apply(to machine: Machine) async throws {
        try await machine.run(unpack, fix: "is there space left on \(machine.host.name)? `df -h /var/lib` tells")
    }

    /// Into a temporary directory, renamed when it is complete: a directory with the final name is never half of one.
    /// What killed uploads have left, of other contexts, too, is removed before: the machine's lock lets no two uploads
    /// run at once.
    /// Its files keep their modes, which become the image's; training data are still for root alone, since
    /// nobody else gets into the directory above.
    private var unpack: Command {
        let script = """
            set -eu; umask 077; place=$1; note=$3
            \(ShellFunction.place)
            \(ShellFunction.sweep)
            mkdir -p -- "${place%/*}" "${note%/*}"; chmod 0700 -- "${place%/*}"
            : > "$note"
            for left in "${place%/*}"/*.kubeforge.[0-9]*; do sweep "${left%.kubeforge.*}"; done
            if [ -d "$place" ]; then cat > /dev/null; exit 0; fi
            new="$place.kubeforge.$$"
            mkdir -- "$new"
            cat > "$new.tar"
            sum=$(sha256sum < "$new.tar"); sum=${sum%% *}
            if [ "$sum" != "$2" ]; then rm -rf -- "$new" "$new.tar"; echo "the context's sha256 is $sum after the \
            transfer, expected $2" >&2; exit 1; fi
            tar -xf "$new.tar" -C "$new" --no-same-owner
            rm -f -- "$new.tar"
            place "$new" "$place"
            """
        return Command(
            "sh", "-c", Word(script), "sh", Word(RemotePaths.context(context.tag)), Word(SHA256.hex(context.archive)),
            Word(ownership.note(context.tag))
        )
        .reading(.bytes(context.archive)).asRoot()
    }
}
