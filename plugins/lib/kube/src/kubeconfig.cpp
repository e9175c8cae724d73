#include "kube/access.hpp"

#include <Poco/Base64Decoder.h>
#include <Poco/Exception.h>
#include <Poco/URI.h>
#include <rigger/sdk/try.hpp>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace kube {
namespace {

constexpr size_t most_contexts = 10'000, most_bytes = 8 << 20;

rig::Error bad(const std::string &what) { return {RIG_E_INVALID, "BadKubeconfig", "kubeconfig: " + what, 0}; }

std::string text_of(const YAML::Node &map, const char *key) {
    if (!map.IsMap()) return {};
    const YAML::Node value = map[key];
    return value && value.IsScalar() ? value.Scalar() : std::string();
}
bool set(const YAML::Node &map, const char *key) {
    const std::string text = text_of(map, key);
    return text == "true" || text == "True" || text == "TRUE";
}

rig::Result<std::string> decode(const std::string &text, const std::string &what) {
    std::string out;
    try {
        std::istringstream in(text);
        Poco::Base64Decoder decoder(in);
        out.assign(std::istreambuf_iterator<char>(decoder), std::istreambuf_iterator<char>());
    } catch (const Poco::Exception &) { // a character that is none of base64
        out.clear();
    }
    if (out.empty()) return bad(what + " is not base64");
    return out;
}

/// `name` as a file, or `name`-data as base64.
rig::Result<Material> material(const YAML::Node &from, const std::string &name, const std::string &directory,
                               const std::string &where) {
    Material out;
    if (const std::string data = text_of(from, (name + "-data").c_str()); !data.empty()) {
        RIG_ASSIGN_OR_RETURN(out.text, decode(data, where + ": " + name + "-data"));
        return out;
    }
    out.file = text_of(from, name.c_str());
    if (!out.file.empty() && out.file[0] != '/') out.file = directory + "/" + out.file;
    return out;
}

rig::Status read_server(const std::string &server, const std::string &where, Access &into) {
    Poco::URI uri;
    try {
        uri = Poco::URI(server);
    } catch (const std::exception &) { return bad(where + ": server is not a URL"); }
    if (uri.getScheme() != "https")
        return bad(where + ": server must be an https:// URL; rigger always verifies the API server");
    if (uri.getHost().empty()) return bad(where + ": server has no host");
    if (!uri.getUserInfo().empty() || !uri.getRawQuery().empty()) return bad(where + ": server must be a plain URL");
    into.host = uri.getHost();
    if (into.host.size() > 2 && into.host.front() == '[') into.host = into.host.substr(1, into.host.size() - 2);
    into.port = uri.getPort();
    into.base_path = uri.getPath();
    while (!into.base_path.empty() && into.base_path.back() == '/') into.base_path.pop_back();
    return {};
}

rig::Status read_cluster(const YAML::Node &cluster, const std::string &directory, const std::string &where,
                         Access &into) {
    if (set(cluster, "insecure-skip-tls-verify"))
        return bad(where +
                   ": insecure-skip-tls-verify is not supported; give the cluster's certificate-authority instead");
    if (!text_of(cluster, "proxy-url").empty())
        return bad(where + ": proxy-url is not supported; let rigger reach the API server directly");
    RIG_RETURN_IF_ERROR(read_server(text_of(cluster, "server"), where, into));
    into.tls_server_name = text_of(cluster, "tls-server-name");
    RIG_ASSIGN_OR_RETURN(into.ca, material(cluster, "certificate-authority", directory, where));
    return {};
}

rig::Result<ExecPlugin> read_exec(const YAML::Node &exec, const std::string &directory, const std::string &where) {
    ExecPlugin out;
    out.api_version = text_of(exec, "apiVersion");
    out.command = text_of(exec, "command");
    if (out.command.empty()) return bad(where + ": exec has no command");
    if (out.command.find('/') != std::string::npos && out.command[0] != '/')
        out.command = directory + "/" + out.command;
    if (out.api_version != "client.authentication.k8s.io/v1" &&
        out.api_version != "client.authentication.k8s.io/v1beta1")
        return bad(where + ": exec.apiVersion must be client.authentication.k8s.io/v1 or v1beta1");
    if (text_of(exec, "interactiveMode") == "Always")
        return bad(where + ": exec with interactiveMode Always cannot be used by a daemon");
    if (const YAML::Node args = exec["args"]; args && args.IsSequence())
        for (const auto &arg : args)
            if (arg.IsScalar()) out.args.push_back(arg.Scalar());
    if (const YAML::Node env = exec["env"]; env && env.IsSequence())
        for (const auto &pair : env) out.env.emplace_back(text_of(pair, "name"), text_of(pair, "value"));
    return out;
}

rig::Status read_user(const YAML::Node &user, const std::string &directory, const std::string &where, Access &into) {
    if (user["auth-provider"])
        return bad(where + ": auth-provider was removed from Kubernetes; use an exec credential plugin or a token");
    if (!text_of(user, "username").empty())
        return bad(where + ": passwords are not supported by Kubernetes any more; use a certificate or a token");
    if (!text_of(user, "as").empty()) return bad(where + ": impersonation is not supported");
    RIG_ASSIGN_OR_RETURN(into.certificate, material(user, "client-certificate", directory, where));
    RIG_ASSIGN_OR_RETURN(into.key, material(user, "client-key", directory, where));
    if (into.certificate.empty() != into.key.empty())
        return bad(where + ": client-certificate and client-key belong together");
    into.token.file = text_of(user, "tokenFile");
    if (!into.token.file.empty() && into.token.file[0] != '/') into.token.file = directory + "/" + into.token.file;
    if (into.token.file.empty()) into.token.text = text_of(user, "token");
    if (const YAML::Node exec = user["exec"]; exec && exec.IsMap()) {
        RIG_ASSIGN_OR_RETURN(into.exec, read_exec(exec, directory, where));
    }
    return {};
}

/// The entry of that name in `clusters`, `users` or `contexts`.
YAML::Node entry(const YAML::Node &root, const char *list, const char *inner, const std::string &name) {
    const YAML::Node items = root[list];
    if (items && items.IsSequence())
        for (const auto &item : items)
            if (text_of(item, "name") == name && item[inner] && item[inner].IsMap()) return item[inner];
    return YAML::Node(YAML::NodeType::Undefined);
}

rig::Result<Access> read_context(const YAML::Node &root, const std::string &name, const std::string &directory) {
    const std::string where = "context '" + name + "'";
    const YAML::Node context = entry(root, "contexts", "context", name);
    if (!context.IsDefined()) return bad(where + " is not there");
    Access out;
    out.context = name;
    out.default_namespace = text_of(context, "namespace");
    const YAML::Node cluster = entry(root, "clusters", "cluster", text_of(context, "cluster"));
    if (!cluster.IsDefined()) return bad(where + ": its cluster '" + text_of(context, "cluster") + "' is not there");
    RIG_RETURN_IF_ERROR(read_cluster(cluster, directory, where, out));
    const YAML::Node user = entry(root, "users", "user", text_of(context, "user"));
    if (!user.IsDefined()) return bad(where + ": its user '" + text_of(context, "user") + "' is not there");
    RIG_RETURN_IF_ERROR(read_user(user, directory, where, out));
    return out;
}

template <typename F> auto parsed(std::string_view text, F &&body) -> decltype(body(YAML::Node())) {
    if (text.size() > most_bytes) return bad("larger than 8 MiB");
    try {
        const YAML::Node root = YAML::Load(std::string(text));
        if (!root.IsMap()) return bad("not a YAML map");
        return body(root);
    } catch (const YAML::Exception &e) {
        return bad("line " + std::to_string(e.mark.line + 1) + ": not YAML"); // its text may quote a credential
    }
}
} // namespace

std::string Access::server() const {
    return "https://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + std::to_string(port) +
           base_path;
}

rig::Result<std::vector<Context>> read_kubeconfig(std::string_view text, const std::string &directory) {
    return parsed(text, [&](const YAML::Node &root) -> rig::Result<std::vector<Context>> {
        std::vector<Context> out;
        const YAML::Node contexts = root["contexts"];
        if (!contexts || !contexts.IsSequence() || contexts.size() == 0) return bad("no contexts");
        if (contexts.size() > most_contexts) return bad("more than 10000 contexts");
        for (const auto &item : contexts) {
            std::string name = text_of(item, "name");
            if (name.empty()) return bad("a context without a name");
            for (const Context &other : out)
                if (other.first == name) return bad("two contexts are called '" + name + "'");
            auto access = read_context(root, name, directory);
            out.emplace_back(std::move(name), std::move(access));
        }
        return out;
    });
}

rig::Result<Access> current_context(std::string_view text, const std::string &directory) {
    return parsed(text, [&](const YAML::Node &root) -> rig::Result<Access> {
        std::string name = text_of(root, "current-context");
        const YAML::Node contexts = root["contexts"];
        if (name.empty() && contexts && contexts.IsSequence() && contexts.size() == 1)
            name = text_of(contexts[0], "name");
        if (name.empty()) return bad("no current-context; name the context in the configuration");
        return read_context(root, name, directory);
    });
}

namespace {
rig::Error within(const std::string &path, rig::Error e) {
    e.message = path + ": " + e.message;
    return e;
}
} // namespace

rig::Result<std::vector<Context>> read_kubeconfig_file(const std::string &path) {
    RIG_ASSIGN_OR_RETURN(const std::string text, read_file(path, most_bytes));
    const size_t slash = path.rfind('/');
    auto contexts = read_kubeconfig(text, slash == std::string::npos ? "." : path.substr(0, slash));
    if (!contexts.ok()) return within(path, contexts.error());
    for (auto &[name, access] : *contexts)
        if (!access.ok()) access = within(path, access.error());
    return contexts;
}

rig::Result<Access> in_cluster(const std::string &directory, const std::string &host, const std::string &port) {
    Access out;
    out.context = "in-cluster";
    if (host.empty() || port.empty())
        return rig::Error{
            RIG_E_INVALID, "NotInCluster",
            "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod; give a kubeconfig", 0};
    RIG_RETURN_IF_ERROR(read_server(
        "https://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port, "in-cluster", out));
    out.ca.file = directory + "/ca.crt";
    out.token.file = directory + "/token";
    RIG_RETURN_IF_ERROR(read_file(out.ca.file));
    if (auto ns = read_file(directory + "/namespace"); ns.ok()) out.default_namespace = *ns;
    return out;
}

rig::Result<std::string> read_file(const std::string &path, size_t limit) {
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in)
        return rig::Error{RIG_E_INVALID, "UnreadableFile",
                          "cannot read " + path + ": " + std::strerror(errno ? errno : EIO), 0};
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (text.size() > limit)
        return rig::Error{RIG_E_INVALID, "UnreadableFile", path + " has more than " + std::to_string(limit) + " bytes",
                          0};
    return text;
}

} // namespace kube
