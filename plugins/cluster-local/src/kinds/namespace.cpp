// kinds/namespace.cpp -- v1 Namespace. Its deletion empties it first (control/namespace_controller).
#include "api/json.hpp"
#include "api/names.hpp"
#include "kinds/kind.hpp"

#include <nlohmann/json.hpp>

#include <array>

namespace cluster_local {
namespace {
constexpr std::array<std::string_view, 1> kNamespaceFields{"status.phase"};
constexpr KindInfo kNamespaceInfo{"v1", "Namespace", "namespaces", false, true, kNamespaceFields};

class Namespace final : public Kind {
public:
    const KindInfo &info() const noexcept override { return kNamespaceInfo; }
    bool valid_name(std::string_view name) const noexcept override { return is_dns1123_label(name); }
    void set_defaults(Json &object) const override {
        Json &finalizers = child(object, "spec")["finalizers"];
        if (!finalizers.is_array()) finalizers = Json::array({"kubernetes"});
        child(child(object, "metadata"), "labels")["kubernetes.io/metadata.name"] =
            text_at(object, {"metadata", "name"});
    }
    bool defers_deletion(Json &object) const override {
        const Json *finalizers = find(object, {"spec", "finalizers"});
        if (!finalizers || finalizers->empty()) return false;
        child(object, "status")["phase"] = "Terminating";
        return true;
    }
    Json initial_status(const Json &) const override { return {{"phase", "Active"}}; }
    void index_status(const Json &status, std::vector<std::string> &values) const override {
        values[0] = text_at(status, {"phase"});
    }
};
} // namespace

const Kind &namespace_kind() {
    static const Namespace kind;
    return kind;
}

} // namespace cluster_local
