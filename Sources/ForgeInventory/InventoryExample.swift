/// Where people see what an inventory looks like.
enum InventoryExample {
    static let advice = "inventory/example.yaml of kubeforge shows every key"
}
