// kube/roster.hpp -- which clusters there are, by name. Read again while the daemon runs.
#pragma once
#include "kube/access.hpp"

#include <memory>

namespace kube {

struct Roll {
    std::vector<std::pair<std::string, Access>> clusters;
    std::vector<std::pair<std::string, std::string>> broken; ///< name and why: a cluster whose entry cannot be used
};

class Roster {
public:
    virtual ~Roster() = default;
    /// Changes when read() may answer something new. Cheap.
    virtual std::string stamp() const = 0;
    virtual rig::Result<Roll> read() const = 0;
};

/// Changes with the file's content, place and permissions, since any may be what was wrong; for Roster::stamp().
std::string file_stamp(const std::string &path);

/// One cluster `name`: the context of a kubeconfig ("": its current one).
std::unique_ptr<Roster> single_roster(std::string name, std::string kubeconfig, std::string context);
/// One cluster `name`: the one that this pod runs in.
std::unique_ptr<Roster> in_cluster_roster(std::string name, std::string service_account_directory);
/// Every context of one kubeconfig is a cluster of that name.
std::unique_ptr<Roster> merged_roster(std::string kubeconfig);
/// Every file of a directory is a kubeconfig; the cluster is named like the file, without its extension; the file's
/// current context counts.
std::unique_ptr<Roster> directory_roster(std::string directory);

} // namespace kube
