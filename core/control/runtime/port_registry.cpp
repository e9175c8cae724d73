#include "control/runtime/port_registry.hpp"

namespace rigger {
namespace {
template <typename Map> void set(Map &map, const std::string &name, typename Map::mapped_type port) {
    if (port) map[name] = std::move(port);
    else map.erase(name);
}
template <typename Map> typename Map::mapped_type get(const Map &map, const std::string &name) {
    const auto at = map.find(name);
    return at == map.end() ? nullptr : at->second;
}
} // namespace

std::shared_ptr<ValidatorSource> PortRegistry::source(const SourceName &name) const {
    const std::lock_guard hold(lock_);
    return get(sources_, name.value);
}
std::shared_ptr<ClusterBackend> PortRegistry::backend(const std::string &name) const {
    const std::lock_guard hold(lock_);
    return get(backends_, name);
}
std::vector<std::shared_ptr<ClusterBackend>> PortRegistry::backends() const {
    const std::lock_guard hold(lock_);
    std::vector<std::shared_ptr<ClusterBackend>> all;
    for (const auto &[name, backend] : backends_) all.push_back(backend);
    return all;
}
std::vector<std::shared_ptr<Reconciler>> PortRegistry::reconcilers() const {
    const std::lock_guard hold(lock_);
    std::vector<std::shared_ptr<Reconciler>> all;
    for (const auto &[name, reconciler] : reconcilers_) all.push_back(reconciler);
    return all;
}
void PortRegistry::set_source(const std::string &name, std::shared_ptr<ValidatorSource> source) {
    const std::lock_guard hold(lock_);
    set(sources_, name, std::move(source));
}
void PortRegistry::set_backend(const std::string &name, std::shared_ptr<ClusterBackend> backend) {
    const std::lock_guard hold(lock_);
    set(backends_, name, std::move(backend));
}
void PortRegistry::set_reconciler(const std::string &name, std::shared_ptr<Reconciler> reconciler) {
    const std::lock_guard hold(lock_);
    set(reconcilers_, name, std::move(reconciler));
}

} // namespace rigger
