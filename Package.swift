// swift-tools-version: 6.2
// The modules of kubeforge and who may see whom: strictly downward, held by Tests/ArchitectureTests.
import PackageDescription

let house: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [], plugins: [Target.PluginUsage] = []
) -> Target {
    .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: house, plugins: plugins)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: house)
}

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
/// What swift-subprocess brings; it is named here so that its version is, too.
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "kubeforge",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "kubeforge", targets: ["kubeforge"])],
    // Exactly these, because Package.resolved is not part of the tree: two builds of one commit are of the same
    // sources.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: [
        .executableTarget(name: "kubeforge", dependencies: ["ForgeCLI"], swiftSettings: house),
        module(
            "ForgeCLI",
            [
                "ForgeCore", "ForgeInventory", "ForgePlan", "ForgeTemplates", "ForgeSSH", "ForgeKubernetes",
                "ForgeService",
                "ForgeLab", argumentParser, logging,
            ], plugins: [.plugin(name: "EmbedVersionPlugin")]),
        module("ForgeKubernetes", ["ForgeCore", "ForgePlan", "ForgeInventory", "ForgeTemplates", yams]),
        module("ForgeService", ["ForgeCore", "ForgePlan", "ForgeInventory", "ForgeTemplates"]),
        module("ForgeLab", ["ForgeCore", "ForgeInventory", "ForgeTemplates", subprocess, system]),
        module("ForgePlan", ["ForgeCore"]),
        module("ForgeInventory", ["ForgeCore", yams]),
        module(
            "ForgeTemplates", ["ForgeCore"], exclude: ["templates", "LabStandIns"],
            plugins: [.plugin(name: "EmbedTemplatesPlugin")]),
        module("ForgeSSH", ["ForgeCore", "CLibSSH"]),
        module("ForgeCore", ["CLibCrypto"]),
        .systemLibrary(
            name: "CLibCrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl"])]),
        .systemLibrary(
            name: "CLibSSH", pkgConfig: "libssh",
            providers: [.apt(["libssh-dev"]), .brew(["libssh"])]),

        .executableTarget(name: "EmbedTemplates", swiftSettings: house),
        .plugin(
            name: "EmbedTemplatesPlugin", capability: .buildTool(), dependencies: ["EmbedTemplates"],
            path: "Sources/EmbedTemplatesPlugin"),
        .plugin(name: "EmbedVersionPlugin", capability: .buildTool(), path: "Sources/EmbedVersionPlugin"),

        module("ForgeTestSupport", ["ForgeCore", "ForgePlan", subprocess]),
        tests("ArchitectureTests", ["ForgeTestSupport"]),
        tests("ForgeCoreTests", ["ForgeCore", "ForgeTestSupport"]),
        tests("ForgeInventoryTests", ["ForgeInventory", "ForgeCore", "ForgeTestSupport"]),
        tests("ForgePlanTests", ["ForgePlan", "ForgeCore", "ForgeTestSupport"]),
        tests("ForgeTemplatesTests", ["ForgeTemplates", "ForgeCore", "ForgeTestSupport"]),
        tests("ForgeSSHTests", ["ForgeSSH", "ForgeCore", "ForgeTestSupport"]),
        tests("ForgeLabTests", ["ForgeLab", "ForgeInventory", "ForgeTemplates", "ForgeCore", "ForgeTestSupport"]),
        tests(
            "ForgeKubernetesTests",
            [
                "ForgeKubernetes", "ForgePlan", "ForgeInventory", "ForgeTemplates", "ForgeCore", "ForgeTestSupport",
                yams,
            ],
            exclude: ["Golden"]),
        tests(
            "ForgeServiceTests",
            ["ForgeService", "ForgePlan", "ForgeInventory", "ForgeTemplates", "ForgeCore", "ForgeTestSupport", yams],
            exclude: ["Golden"]),
        tests(
            "ForgeCLITests",
            ["ForgeCLI", "ForgeService", "ForgePlan", "ForgeInventory", "ForgeCore", "ForgeTestSupport"]),
        tests(
            "ServiceTemplateTests", ["ForgeService", "ForgePlan", "ForgeInventory", "ForgeCore", "ForgeTestSupport"]),
        tests("EndToEndTests", ["ForgeCore", "ForgeTestSupport"]),
    ]
)
