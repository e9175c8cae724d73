// kube/access.hpp -- how one cluster is reached, from a kubeconfig or from within a pod. What is not supported is
// refused with a reason.
#pragma once
#include <rigger/sdk/status.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kube {

/// A text given inline, or the file that holds it. Files are read again while in use, so that rotated credentials are
/// picked up.
struct Material {
    std::string text, file;
    bool empty() const noexcept { return text.empty() && file.empty(); }
};

struct ExecPlugin { ///< client.authentication.k8s.io
    std::string api_version, command;
    std::vector<std::string> args;
    std::vector<std::pair<std::string, std::string>> env;
};

struct Access {
    std::string context; ///< the context's name; "in-cluster" within a pod
    std::string host;
    uint16_t port = 443;
    std::string base_path;                ///< "" or "/k8s/clusters/x"
    std::string tls_server_name;          ///< "": the host
    Material ca, certificate, key, token; ///< PEM, PEM, PEM, text. An empty ca: the system's
    std::optional<ExecPlugin> exec;
    std::string default_namespace;
    std::string server() const; ///< "https://host:port/path"
};

/// By its name; one that cannot be used says nothing against the others.
using Context = std::pair<std::string, rig::Result<Access>>;

/// Every context of a kubeconfig, in its order; one for each name. `directory`: what relative file names refer to.
/// Errors: INVALID (BadKubeconfig), which name the context; never a credential.
rig::Result<std::vector<Context>> read_kubeconfig(std::string_view text, const std::string &directory);
rig::Result<std::vector<Context>> read_kubeconfig_file(const std::string &path);
/// The context that the file calls current (or its only one).
rig::Result<Access> current_context(std::string_view text, const std::string &directory);
/// The service account that Kubernetes mounts at `directory`; host and port as KUBERNETES_SERVICE_HOST and _PORT say.
rig::Result<Access> in_cluster(const std::string &directory, const std::string &host, const std::string &port);

/// INVALID (UnreadableFile) with the path and the system's reason; larger than `limit` bytes is refused.
rig::Result<std::string> read_file(const std::string &path, size_t limit = 1 << 20);

} // namespace kube
