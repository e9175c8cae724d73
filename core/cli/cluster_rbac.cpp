#include "cli/cluster_rbac.hpp"

#include "cli/command_line.hpp"

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace rigger::cli {

extern const char *const rbac_manifest;

namespace {

using Json = nlohmann::ordered_json;
using Names = std::vector<std::pair<std::string, std::string>>;

/// RFC 1123: what a namespace, and a service account that is used as a user's name, may be called.
bool is_label(std::string_view name) {
    const auto small = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !name.empty() && name.size() <= 63 && small(name.front()) && small(name.back()) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return small(c) || c == '-'; });
}

/// In one pass, so that a new name is never taken for an old one.
std::string renamed(std::string_view text, const Names &names) {
    std::string out;
    while (!text.empty()) {
        const auto here =
            std::find_if(names.begin(), names.end(), [&](const auto &name) { return text.starts_with(name.first); });
        out += here == names.end() ? std::string(1, text.front()) : here->second;
        text.remove_prefix(here == names.end() ? 1 : here->first.size());
    }
    return out;
}

Json to_json(const YAML::Node &node) {
    Json out = node.IsMap() ? Json::object() : node.IsSequence() ? Json::array() : Json(node.as<std::string>(""));
    if (node.IsMap())
        for (const auto &member : node) out[member.first.as<std::string>()] = to_json(member.second);
    if (node.IsSequence())
        for (const auto &item : node) out.push_back(to_json(item));
    return out;
}

} // namespace

CommandDeclaration cluster_rbac_command(Language language) {
    CommandDeclaration command;
    command.name = "cluster rbac";
    command.group = "fleet";
    command.effect = "read";
    command.summary = Text{"Print the least that rigger must be allowed in a Kubernetes cluster, for kubectl apply",
                           "输出 rigger 在 Kubernetes 集群中所需的最小权限清单，供 kubectl apply 使用"}
                          .in(language);
    command.description =
        Text{"A namespace for the workloads, a service account in it, and its roles: nodes, pods, jobs and services "
             "are read everywhere, and changed in that namespace alone. No daemon is needed. -o json prints one List.",
             "包含工作负载的命名空间、其中的服务账号及其角色：可读取所有节点、Pod、Job 和 "
             "Service，仅可在该命名空间内修改。无需守护进程。-o json 输出单个 List。"}
            .in(language);
    command.examples = {"rigger cluster rbac | kubectl apply -f -",
                        "rigger cluster rbac -n work --service-account rigger-a"};
    command.options = {
        own_option("namespace", ValueType::string,
                   Text{"where the workloads live; the same as `namespace` in the backend's configuration",
                        "工作负载所在的命名空间；与后端配置中的 `namespace` 相同"}
                       .in(language)),
        own_option("serviceAccount", ValueType::string,
                   Text{"the account, and its roles", "服务账号及其角色的名称"}.in(language))};
    command.options[0].short_name = "n";
    command.options[0].metavar = "NAMESPACE";
    command.options[0].default_text = "chutes";
    command.options[0].aliases = {"ns"};
    command.options[1].metavar = "NAME";
    command.options[1].default_text = "rigger";
    command.result.kind = ResultKind::text;
    return command;
}

Result<std::string> cluster_rbac(std::string_view arguments) {
    const Json given = Json::parse(arguments, nullptr, false);
    const auto name = [&](const char *key, const char *usual) {
        const auto found = given.is_object() ? given.find(key) : given.end();
        return given.is_object() && found != given.end() ? found->get<std::string>() : std::string(usual);
    };
    const std::string space = name("namespace", "chutes"), account = name("serviceAccount", "rigger");
    for (const auto &[option, value] : {std::pair("--namespace", space), std::pair("--service-account", account)})
        if (!is_label(value))
            return invalid(
                "OptionValue",
                std::string("option ") + option +
                    " takes at most 63 lower-case letters, digits and '-', with a letter or digit at both ends");
    return renamed(rbac_manifest, {{"name: rigger", "name: " + account},
                                   {"namespace: chutes", "namespace: " + space},
                                   {"name: chutes", "name: " + space},
                                   {"[chutes]", "[" + space + "]"}});
}

std::string manifest_as_json(const std::string &manifest) {
    Json items = Json::array();
    for (const YAML::Node &one : YAML::LoadAll(manifest)) items.push_back(to_json(one));
    return Json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}}.dump(2) + "\n";
}

} // namespace rigger::cli
