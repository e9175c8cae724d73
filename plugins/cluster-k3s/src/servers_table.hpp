// servers_table.hpp -- the clusters of the table `servers` (spec/chutes-miner.md section 2.1): one per row with a
// kubeconfig, named like the server.
#pragma once
#include <kube/roster.hpp>

namespace k3s {

/// `database`: path of an SQLite database, such as the daemon's own; read only. A row's kubeconfig gives the context
/// named like the server, or else its current one; file names in it are absolute. A row without kubeconfig is no
/// cluster, one whose kubeconfig cannot be used is a broken one. read() fails with UNAVAILABLE (ServersTable) when the
/// table cannot be read. No error holds any part of a kubeconfig.
std::unique_ptr<kube::Roster> servers_table_roster(std::string database);

} // namespace k3s
